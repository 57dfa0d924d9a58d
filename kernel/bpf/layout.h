/* SPDX-License-Identifier: GPL-2.0-only */
/* Where things are in a record: the ABI camflow-bpf-1. */
#ifndef CAMFLOW_LAYOUT_H
#define CAMFLOW_LAYOUT_H

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
	__u64 length;		/* whole; of a path that was cut, what is stored */
	__u32 stored;		/* bytes at 160 */
	__u8 truncated;		/* 1 where there is more: behind it, and of a path before it */
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

#endif
