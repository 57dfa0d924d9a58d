import { socketAddress } from './network.ts';
import type { World } from './world.ts';

/** The machine starts: modules, firmware, keys and policies enter the kernel. */
export function startUp(world: World): void {
  const { kernel } = world;
  const init = world.start('/usr/lib/systemd/systemd', ['--switched-root']);
  kernel.run(init);
  for (const [relation, path] of [
    ['load_module', '/usr/lib/modules/6.1.0/kernel/fs/ext4/ext4.ko'],
    ['load_firmware', '/usr/lib/firmware/regulatory.db'],
    ['load_kexec_image', '/boot/vmlinuz-6.1.0'],
    ['load_kexec_initramfs', '/boot/initrd.img-6.1.0'],
    ['load_policy', '/etc/ima/ima-policy'],
    ['load_certificate', '/etc/keys/x509_ima.der'],
    ['load_unknown', '/usr/lib/firmware/mystery.bin'],
    ['load_undefined', '/etc/unnamed'],
  ] as const) {
    kernel.influencesKernel(relation, world.file(path));
  }
  const root = world.inode('inode_unknown', 0);
  kernel.relate('named', kernel.node('sb', { uuid: '5c1a39f0-7d3e-4b0a-9a51-0c54ec1e77aa' }), root);
  kernel.uses('perm_check', root, { flags: 1 });
}

/** A debugger looks into a process, and processes change who they are. */
export function debug(world: World): void {
  const { kernel } = world;
  const target = world.start('/usr/bin/python3', ['analysis.py', Uint8Array.of(0x2d, 0x6f, 0xff, 0xfe)]);
  const debugger_ = world.start('/usr/bin/gdb', ['-p', String(target.task.fields.pid)]);
  kernel.generates('ptrace_attach', target.memory, { flags: 2 });
  kernel.relate('ptrace_attach_task', debugger_.task, target.task, { flags: 2 });
  kernel.relate('ptrace_read_task', target.task, debugger_.task, { flags: 1 });
  kernel.uses('ptrace_read', target.memory, { flags: 1 });
  kernel.run(target);
  kernel.relate('ptrace_traceme', target.task, debugger_.task);
  kernel.generates('setuid', target.memory, { flags: 1 });
  kernel.generates('setpgid', target.memory);
  kernel.uses('getpgid', debugger_.memory);
  world.exit(debugger_);
  world.exit(target);
}

/** Queues, shared segments, socket pairs and unix sockets. */
export function talk(world: World): void {
  const { kernel } = world;
  const one = world.start('/usr/bin/postgres', ['-D', '/var/lib/pg']);
  const other = world.fork(one);
  kernel.run(one);
  const message = kernel.node('msg', { message_type: 42 });
  kernel.generates('msg_create', message);
  kernel.generates('send_msg_queue', message);
  const segment = kernel.node('shm', { mode: 0o600 });
  kernel.generates('sh_create', segment);
  const pair = [world.inode('socket', 0o140777), world.inode('socket', 0o140777)] as const;
  for (const end of pair) kernel.generates('socket_pair_create', end);
  const named = world.inode('socket', 0o140777);
  const path = Buffer.from('/run/pg/.s.PGSQL.5432\0');
  kernel.relate('addressed', kernel.node('address', { addr: socketAddress('unix', path) }), named);
  const netlink = kernel.node('address', { addr: socketAddress('netlink', Uint8Array.of(0, 0, 0, 0)) });
  kernel.relate('addressed', netlink, pair[0]);
  kernel.run(other);
  kernel.uses('receive_msg_queue', message);
  kernel.generates('sh_attach', segment);
  kernel.generates('connect_unix_stream', named);
  kernel.relate('send_unix', pair[0], pair[1]);
  kernel.relate('receive_unix', pair[1], named);
  kernel.uses('file_rcv', pair[1]);
  kernel.ends('free', message);
  kernel.ends('free', segment);
  world.exit(other);
  world.exit(one);
}

/** Devices, links, locks and notes: what files are seldom used for. */
export function tinker(world: World): void {
  const { kernel } = world;
  const editor = world.start('/usr/bin/vim', ['-u', 'NONE', 'été "draft"\n.txt']);
  const terminal = world.file('/pts/0', 'char', 0o20620);
  kernel.uses('read_ioctl', terminal, { flags: 0x5401 });
  kernel.generates('write_ioctl', terminal, { flags: 0x5402 });
  kernel.uses('file_sigio', terminal);
  kernel.uses('read', world.file('/sda1', 'block', 0o60660), { offset: 4096 });
  const draft = world.file('/home/ada/été "draft"\n.txt');
  kernel.generates('file_lock', draft);
  kernel.generates('link', draft);
  const link = world.file('/home/ada/latest', 'link', 0o120777);
  kernel.generates('symlink', link);
  kernel.uses('read_link', link);
  const attribute = kernel.node('xattr', { name: 'user.mood', value: Buffer.from('calm'), size: 4 });
  kernel.generates('removexattr', attribute);
  kernel.relate('removexattr_inode', attribute, draft);
  kernel.uses('log', kernel.node('string', { str: 'saved "draft" at ~/été\n' }));
  world.exit(editor);
}

/** A program discloses what the kernel cannot see. */
export function disclose(world: World): void {
  const { kernel } = world;
  const program = world.start('/usr/bin/Rscript', ['model.R']);
  const parent = program.task.identifier;
  const entity = kernel.node('disc_entity', { content: '"cf:table":"sales","cf:rows":1200', parent });
  const activity = kernel.node('disc_activity', { content: '"prov:label":"[fit] model"', parent });
  const agent = kernel.node('disc_agent', { content: '', parent });
  const source = kernel.node('disc_entity', { content: '"cf:note":"not { an object"', parent });
  kernel.relate('used_disc', entity, activity);
  kernel.relate('generated_disc', activity, source);
  kernel.relate('derived_disc', source, entity);
  kernel.relate('informed_disc', program.task, activity);
  kernel.relate('influenced_disc', activity, agent);
  kernel.relate('associated_disc', agent, activity);
  world.exit(program);
}
