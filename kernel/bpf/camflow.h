/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the BPF programs and user space share: the ABI camflow-bpf-1.
 *
 * Every sample of a ring is one record behind a frame. Records of fixed size have CamFlow 0.9's layout, cut to the
 * bytes their shape uses; those with text or bytes of any length (path, argument, address, string, ...) have the
 * part common to all nodes, then struct cf_text, then the bytes.
 */
#ifndef CAMFLOW_H
#define CAMFLOW_H

#define CF_PIN_FOLDER "/sys/fs/bpf/camflow"

/*
 * Maps, pinned under their names in CF_PIN_FOLDER:
 *
 *   cf_config    array of 1                 struct cf_config
 *   cf_machine   array of 1                 struct cf_machine, filled by user space before capture is enabled
 *   cf_rings     array of maps, key CPU     one BPF ring buffer per CPU; user space creates and inserts them and
 *                                           sets max_entries to the number of possible CPUs before loading
 *   cf_stats     per-CPU array of 1         struct cf_stats
 *   cf_counts    per-CPU array              struct cf_count, key CF_RELATION(class, bit)
 *   cf_ids       array of 1                 struct cf_ids: the last ids given
 *   cf_tasks     task storage               struct cf_task
 *   cf_marks     task storage               struct cf_mark: written by user space through a pidfd;
 *                                           again where it gets EAGAIN
 *   cf_creds     hash, key struct cred *    struct cf_node
 *   cf_inodes    hash, key struct inode *   struct cf_node (sockets: the inode of the socket)
 *   cf_sent      LRU hash                   struct cf_node: senders, by the end that they sent to
 *   cf_objects   hash, key address          struct cf_node of messages, shared segments and superblocks
 *   cf_mappings  hash, key struct mm *      struct cf_mappings: files mapped shared, of processes that have any
 *   cf_files     hash, struct cf_file_key   struct cf_file: what is said of files; cf_inodes is only a cache of it
 *   cf_policies  hash, struct cf_policy_key struct cf_policy: what is said of users, groups, cgroups and contexts
 *   cf_contexts  hash, key secid            struct cf_context: the security contexts that were met
 *   cf_named_policies hash, struct cf_context  struct cf_policy: goes to cf_policies when the context is met
 *   cf_addresses array, key direction       struct cf_address_rules
 *   cf_signals   LRU hash, struct cf_signal_key  struct cf_signal: who last sent the recorder and its children signals
 *   cf_request   array of 1                 struct cf_request: a question of user space about one file or process
 *   cf_sieve     array                      how many tracked things share a slot, see sieve.h
 *   cf_scratch   task storage               working memory
 *
 * Programs are named cf_HOOK. Where a hook's arguments differ between kernels there is one program for each number of
 * arguments of bpf_lsm_HOOK in the kernel's BTF (cf_inode_setattr_2, cf_inode_setattr_3) and the loader leaves out the
 * other (bpf_program__set_autoload). Of fexit/pipe_read and fexit/anon_pipe_read the kernel has one function: up to
 * 6.14 the first, which is loaded unless told otherwise, later the second. The iterators cf_iter_tasks and
 * cf_iter_files print nothing: after `enabled` was set, and after each new epoch, user space reads each to its end.
 *
 * camflow-fexit.bpf.o has the same programs on the ends of the functions security_HOOK, for kernels in which bpf is not
 * an active security module. There the programs on LSM hooks would load and record nothing.
 */

/* Entries of cf_counts: six classes of 64 bits. */
#define CF_COUNTS 384

struct cf_frame {
	__u32 size;	/* of frame and record: a multiple of 8, at most the sample's length */
	__u32 flags;	/* none yet: 0 */
	/*
	 * Counted per CPU before room is looked for: taken = recorded + ring_full. An interrupt between the two may
	 * put neighbours into the ring in the other order.
	 */
	__u64 sequence;
};

struct cf_identifier {
	__u64 type;
	__u64 id;
	__u32 boot_id;
	__u32 machine_id;
	__u32 version;
	__u32 zero;
};

/* Offsets 0-63 of every record. */
struct cf_header {
	struct cf_identifier identifier;
	__u32 epoch;
	__u32 nepoch;
	__u32 internal_flag;
	__u32 zero;
	__u64 jiffies;
	__u64 taint;
};

struct cf_relation_record {
	struct cf_header header;
	__u8 allowed;
	__u8 zero[7];
	struct cf_identifier snd;
	struct cf_identifier rcv;
	__u8 set;
	__u8 zero2[7];
	__s64 offset;
	__u64 flags;
	__u64 task_id;	/* 0 where the kernel acts on nobody's behalf */
};

/* Offsets 0-143 of every node. */
struct cf_node_record {
	struct cf_header header;
	struct cf_identifier name_id;
	__u64 previous_id;	/* compression's memory is not published: 0 */
	__u32 previous_version;
	__u32 zero;
	__u64 previous_type;
	__u32 k_version;
	__u32 secid;
	__u32 uid;
	__u32 gid;
	__u64 var_ptr;
};

struct cf_process_record {
	struct cf_node_record node;
	__u32 tgid;
	__u32 zero;
};

struct cf_task_record {
	struct cf_node_record node;
	__u32 pid;
	__u32 vpid;
	__u64 utime;		/* microseconds */
	__u64 stime;
	__u64 vm;		/* KiB */
	__u64 rss;		/* KiB */
	__u64 hw_vm;
	__u64 hw_rss;
	__u64 rbytes;
	__u64 wbytes;
	__u64 cancel_wbytes;
	__u32 utsns;
	__u32 ipcns;
	__u32 mntns;
	__u32 pidns;
	__u32 netns;
	__u32 cgroupns;
	__u64 cgroup;		/* id of the task's cgroup; CamFlow has a kernel address here */
};

struct cf_inode_record {
	struct cf_node_record node;
	__u64 ino;
	__u16 mode;
	__u8 sb_uuid[16];
	__u8 zero[6];
};

struct cf_iattr_record {
	struct cf_node_record node;
	__u32 valid;
	__u16 mode;
	__u16 zero;
	__s64 size;
	__s64 atime;
	__s64 ctime;
	__s64 mtime;
};

struct cf_msg_record {
	struct cf_node_record node;
	__s64 type;		/* of a SysV message; the priority of a POSIX one */
};

struct cf_shm_record {
	struct cf_node_record node;
	__u16 mode;
	__u8 zero[6];
};

struct cf_sb_record {
	struct cf_node_record node;
	__u8 uuid[16];
};

/*
 * Of an IPv4 packet. Its identifier holds header fields, in network order: at 8 the IP id, at 12 and 16 the addresses,
 * at 20 and 22 the ports, at 24 the protocol, at 28 the TCP sequence number. Bytes 25-27 count the packets sent before
 * that agreed in all of these.
 */
struct cf_packet_record {
	struct cf_node_record node;
	__u16 length;		/* network order, as are all numbers of packets */
	__u8 zero[6];
};

/* Its id is made of the header fields; its version counts the packets sent before that agreed in all of these. */
struct cf_packet6_record {
	struct cf_node_record node;
	__u8 sender[16];
	__u8 receiver[16];
	__u16 sender_port;
	__u16 receiver_port;
	__u16 length;
	__u8 protocol;
	__u8 zero;
	__u32 sequence;
	__u32 zero2;
};

/* Offsets 144-159 of a record with text or bytes of any length; these follow at 160, without a NUL. */
struct cf_text {
	__u64 length;		/* whole */
	__u32 stored;		/* bytes at 160 */
	__u8 truncated;		/* 1 where stored < length */
	__u8 zero[3];
};

struct cf_text_record {
	struct cf_node_record node;
	struct cf_text text;
};

/* The longest name of an extended attribute and a NUL. */
#define CF_XATTR_NAME 256

/* An extended attribute: `text` counts the bytes of the value, which follow the name. */
struct cf_xattr_record {
	struct cf_node_record node;
	struct cf_text text;
	char name[CF_XATTR_NAME];
};

/* Offsets 144-799 of the machine's record. */
struct cf_machine_text {
	__u8 version[3];
	char utsname[6][65];
	char commit[256];
	__u8 zero[7];
};

struct cf_machine_record {
	struct cf_node_record node;
	struct cf_machine_text text;
};

/* Every structure of a record, for the type information of the object: user space holds its own tables against it. */
struct cf_records {
	struct cf_relation_record relation;
	struct cf_process_record process;
	struct cf_task_record task;
	struct cf_inode_record inode;
	struct cf_iattr_record iattr;
	struct cf_msg_record msg;
	struct cf_shm_record shm;
	struct cf_sb_record sb;
	struct cf_packet_record packet;
	struct cf_packet6_record packet6;
	struct cf_text_record text;
	struct cf_xattr_record xattr;
	struct cf_machine_record machine;
};

/* Flags of a node: in internal_flag of its record, and in cf_mark. */
#define CF_TRACKED	(1u << 0)
#define CF_OPAQUE	(1u << 1)
#define CF_PROPAGATE	(1u << 2)
#define CF_RECORD	(1u << 5)	/* of a socket: its packets are written with what they carry */

/* Bits of cf_config.modes. */
#define CF_ALL			(1u << 0)	/* record everything that is not opaque; else only what is tracked */
#define CF_KEEP_VERSIONS	(1u << 1)	/* nodes keep their version for ever */
#define CF_KEEP_NODES		(1u << 2)	/* every relation into a node makes a version (no node compression) */
#define CF_KEEP_EDGES		(1u << 3)	/* no edge compression */
#define CF_DUPLICATE		(1u << 4)	/* write the nodes with each relation */
/*
 * Whatever is tracked is in cf_sieve, so that hooks are left early by what is not. User space sets it where it has
 * marks taken up at once (by reading cf_iter_tasks): a mark that a task is yet to find is not in the sieve.
 */
#define CF_SIEVE		(1u << 5)

/* Bits of cf_config.policies: of which kinds there are any. 1 << the kind of a cf_policy_key, and: */
#define CF_ANY_ADDRESS		(1u << 31)

struct cf_config {
	__u64 version;		/* of what is loaded: set by the loader, compared by whoever finds it pinned */
	__u32 enabled;		/* 0 after loading */
	__u32 modes;
	__u32 machine_id;
	__u32 boot_id;
	__u32 epoch;		/* 1 and up: a change makes every node and name be written again */
	__u32 recorder;		/* thread group that is never recorded, nor what it does; its children are. 0: none */
	__u32 argument_limit;	/* bytes kept of one argument or environment string, up to 131072 */
	__u32 policies;
	/* Subtype bits (bits 0-47 of the type code) that are not recorded. */
	__u64 node_filter;
	__u64 derived_filter;
	__u64 generated_filter;
	__u64 used_filter;
	__u64 informed_filter;
	/* Subtype bits that flags and taint do not travel along, or into. */
	__u64 propagate_node_filter;
	__u64 propagate_derived_filter;
	__u64 propagate_generated_filter;
	__u64 propagate_used_filter;
	__u64 propagate_informed_filter;
	__u64 influenced_filter;
	__u64 associated_filter;
	__u64 propagate_influenced_filter;
	__u64 propagate_associated_filter;
	/* Subtype bits that are not written for now, under load: relations of these types, and those with such ends. */
	__u64 shed_nodes;
	__u64 shed_relations[8];	/* by class; the last two are nobody's */
};

/* What the programs did on one CPU since loading. */
struct cf_stats {
	__u64 taken;		/* sequence numbers taken: the number of the CPU's next record */
	__u64 ring_full;	/* records that found no room: taken = recorded + ring_full */
	__u64 state_failures;	/* objects for which no state could be made; what happened to them is missing */
	__u64 truncated;	/* texts cut */
	__u64 contended;	/* versions not made because others kept changing the node */
	__u64 shed;		/* relations that were switched off under load */
};

/* What became of one type of relation on one CPU. Each that was offered is in exactly one of the others. */
struct cf_count {
	__u64 offered;
	__u64 written;
	__u64 compressed;	/* the same as the last into its node */
	__u64 filtered;		/* by a filter */
	__u64 unselected;	/* not tracked, or opaque */
	__u64 lost;		/* found no room */
	__u64 shed;		/* switched off under load */
};

/* A relation's number: the key into cf_counts. Its type code is its class's code and 1 << bit. */
#define CF_RELATION(class, bit) ((class) << 6 | (bit))
#define CF_RELATION_CLASS(relation) ((relation) >> 6)
#define CF_RELATION_BIT(relation) ((relation) & 63)

#define CF_DERIVED	0u
#define CF_GENERATED	1u
#define CF_USED		2u
#define CF_INFORMED	3u
#define CF_INFLUENCED	4u
#define CF_ASSOCIATED	5u

/* The state of a node. Its id and type never change. */
struct cf_node {
	__u64 id;		/* 0: made by user space or unfinished */
	__u64 type;
	__u64 step;		/* version << 1 | 1 where a relation has left this version */
	__u64 published;	/* epoch << 32 | version + 1 of the last record written of it */
	__u64 previous;		/* the last relation into it, for edge compression */
	__u64 name;		/* id of the path record that names it; 0: none */
	__u64 taint;
	__u32 named_epoch;
	__u32 flags;
	__u32 machine_epoch;	/* epoch in which ran_on was written */
	__u32 secid;
	__u32 uid;
	__u32 gid;
	__u64 sieve;		/* what the sieve knows it by: its address, or a number made of device and inode */
	union {
		struct {
			__u64 ino;
			__u16 mode;
			__u8 uuid[16];
			__u32 device;
			__u32 generation;
		} inode;
		struct {
			__u32 tgid;
		} process;
		struct {
			__u32 pid;
			__u32 vpid;
			__u32 utsns;
			__u32 ipcns;
			__u32 mntns;
			__u32 pidns;
			__u32 netns;
			__u32 cgroupns;
			__u64 cgroup;
		} task;
		struct {
			__s64 kind;
		} message;
		struct {
			__u16 mode;
		} segment;
		/* The words of an IPv4 packet's identifier after the first two. */
		struct {
			__u32 receiver;
			__u32 ports;
			__u32 protocol;
			__u32 sequence;
		} packet;
	};
};

struct cf_task {
	struct cf_node node;
	/* A name that this task is about to make: what happens to the dentry tells whether it did. */
	__u64 dentry;
	__u32 relation;
	__u32 clone_flags;
	__u64 flags;
	__u64 mount;	/* through which the task sees mount_dentry */
	__u64 mount_dentry;
	__u32 name_hash;	/* of the dentry */
	__u32 hidden;	/* a child of the recorder, which is still the recorder's image: not recorded until it executes */
	__u32 sends_to_mqueue;	/* with this priority; and the message, once it is made */
	__u32 priority;
	__u64 message;
};

/*
 * Flags set by user space on a task, its future children included: or-ed into the task's own when it next acts. On the
 * recorder's own main thread too, which never acts: then task_alloc gives a child the flags and taint of that mark, and
 * so `camflow record` has its command recorded from its execution on.
 */
struct cf_mark {
	__u32 flags;
	__u32 zero;
	__u64 taint;
};

/* A file over all the times that it is in memory. */
struct cf_file_key {
	__u64 ino;
	__u32 device;		/* as the kernel writes it: major << 20 | minor */
	__u32 generation;	/* tells it from others that had the inode before */
};

struct cf_file {
	__u32 flags;
	__u32 zero;
	__u64 taint;
	__u8 uuid[16];		/* of the file system: devices may have other numbers after the next start */
};

/* Kinds of policies. */
#define CF_USER		0u
#define CF_GROUP	1u
#define CF_CGROUP	2u	/* id of a cgroup: the inode of its folder. Those below it are meant too */
#define CF_NAMESPACE	3u	/* inode of a cgroup namespace, as for CamFlow */
#define CF_SECURITY	4u	/* secid of a security context */

struct cf_policy_key {
	__u32 kind;
	__u32 zero;
	__u64 id;
};

/* What becomes of whatever matches. Flags that it got stay when the policy is taken away. */
struct cf_policy {
	__u32 flags;
	__u32 zero;
};

#define CF_CONTEXT_LIMIT 256

struct cf_context {
	char name[CF_CONTEXT_LIMIT];	/* NUL at its end */
};

#define CF_INGRESS 0u	/* the local end: of bind, and of an accepted socket */
#define CF_EGRESS 1u	/* the remote end: of connect, and of a datagram that says where to */
#define CF_ADDRESS_RULES 128

/* IPv4 as IPv6: ::ffff:a.b.c.d, with 96 more bits of prefix. */
struct cf_address_rule {
	__u8 address[16];
	__u32 prefix;		/* up to 128 */
	__u16 port;		/* host order; 0: every one */
	__u16 zero;
	__u32 flags;
	__u32 zero2;
};

/* The first that matches says what happens. */
struct cf_address_rules {
	__u32 count;
	__u32 zero;
	struct cf_address_rule rules[CF_ADDRESS_RULES];
};

/* Of the recorder or a child of it. The kernel's own signals, those of a terminal's keys say, are not among them. */
struct cf_signal_key {
	__u32 process;		/* thread group that it was sent to */
	__u32 signal;
};

struct cf_signal {
	__u64 time;		/* nanoseconds, CLOCK_MONOTONIC */
	__u32 sender;		/* thread group; never the recorder */
	__u32 zero;
};

#define CF_REQUEST_FD 0u	/* the file that is open as `target` in the calling process */
#define CF_REQUEST_KEY 1u	/* the file with that key: need not be in memory, and is not looked for there */
#define CF_REQUEST_PROCESS 2u	/* every thread of thread group `target`, and their memory */

/*
 * User space writes it, runs cf_run_file (BPF_PROG_TEST_RUN) or reads cf_iter_request to its end, and finds the answer
 * in it. One at a time: under a lock of user space. Flags are cleared, then set.
 */
struct cf_request {
	__u32 kind;
	__u32 target;
	__u32 set;
	__u32 clear;
	__u64 taint;		/* to add */
	__u32 change;		/* 0: only tell */
	__u32 found;		/* answer: how many it was about */
	struct cf_file_key key;	/* of a file: question or answer */
	struct cf_node node;	/* answer: of the file, or of the process's memory */
};

struct cf_machine {
	struct cf_node node;	/* user space sets id, type and step (version << 1) */
	struct cf_machine_text text;
};

#define CF_MAPPINGS 16

/* A file mapped shared, which others may change or read at any time. */
struct cf_mapping {
	__u64 start;	/* address of its pages; 0: none */
	__u64 inode;
	__u64 id;	/* of the inode's node */
	__u64 flags;	/* of the mapping when it was made */
};

struct cf_mappings {
	struct cf_mapping mapping[CF_MAPPINGS];
};

struct cf_ids {
	__u64 node;
	__u64 relation;
};

#endif
