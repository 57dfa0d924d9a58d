/** The hooks of Linux at which CamFlow 0.9 has a program, by what they are about. */
export const camflowHooks: readonly string[] = [
  ...['cred_free', 'cred_alloc_blank', 'cred_prepare', 'cred_transfer', 'task_alloc', 'task_free'],
  ...[
    'task_fix_setuid',
    'task_setpgid',
    'task_getpgid',
    'task_kill',
    'ptrace_access_check',
    'ptrace_traceme',
  ],
  ...['inode_alloc_security', 'inode_free_security', 'inode_create', 'inode_permission', 'inode_link'],
  ...['inode_unlink', 'inode_symlink', 'inode_rename', 'inode_setattr', 'inode_getattr', 'inode_readlink'],
  ...['inode_setxattr', 'inode_post_setxattr', 'inode_getxattr', 'inode_listxattr', 'inode_removexattr'],
  ...['inode_getsecurity', 'inode_listsecurity'],
  ...['file_permission', 'mmap_file', 'file_ioctl', 'file_open', 'file_receive', 'file_lock'],
  ...['file_send_sigiotask', 'kernel_read_file'],
  ...['msg_msg_alloc_security', 'msg_msg_free_security', 'msg_queue_msgsnd', 'msg_queue_msgrcv'],
  ...['shm_alloc_security', 'shm_free_security', 'shm_shmat'],
  ...['sk_alloc_security', 'socket_post_create', 'socket_socketpair', 'socket_bind', 'socket_connect'],
  ...['socket_listen', 'socket_accept', 'socket_sendmsg', 'socket_recvmsg', 'socket_sock_rcv_skb'],
  ...['unix_stream_connect', 'unix_may_send'],
  ...['bprm_creds_for_exec', 'bprm_check_security', 'bprm_committing_creds'],
  ...['sb_alloc_security', 'sb_kern_mount'],
];

/** Those that record nothing and serve the extended attribute by which CamFlow is told about files: here maps are. */
export const hooksOfControl: readonly string[] = [
  'inode_setxattr',
  'inode_getsecurity',
  'inode_listsecurity',
];
