/* SPDX-License-Identifier: GPL-2.0-only */
/* What is known of the objects that are nodes, for as long as there are those. */
#ifndef CAMFLOW_NODE_H
#define CAMFLOW_NODE_H

#include "layout.h"

/* Flags of a node: in internal_flag of its record, and in cf_mark. */
#define CF_TRACKED	(1u << 0)
#define CF_OPAQUE	(1u << 1)
#define CF_PROPAGATE	(1u << 2)
#define CF_RECORD	(1u << 5)	/* of a socket: its packets are written with what they carry */

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
			__u32 said;	/* cf_ids.said as it was when cf_files was looked at */
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

/* A name that a task is about to take away, and what has it. */
struct cf_leaving {
	__u64 dentry;
	__u64 inode;
};

/* A name that a task is about to make. */
struct cf_making {
	__u64 dentry;
	__u64 flags;
	__u32 relation;
	__u32 name_hash;	/* of the dentry */
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
	struct cf_leaving leaving[2];	/* the last two: an overlay takes away a name of its own and one below it */
	__u64 listener;		/* inode of the socket at which this task waits for a connection */
	__u64 accepted;		/* inode of the socket that is to become the connection */
	__u32 sends_to_mqueue;	/* with this priority; and the message, once it is made */
	__u32 priority;
	__u64 message;
	struct cf_making outer;	/* the one before: an overlay makes a name of its own by one below it */
};

struct cf_machine {
	struct cf_node node;	/* user space sets id, type and step (version << 1) */
	struct cf_machine_text text;
};

#define CF_MAPPINGS 16

/* A file mapped shared, which others may change or read at any time. */
struct cf_mapping {
	__u64 start;	/* address of its pages; 0: none */
	__u64 end;	/* behind the last of them; some of those between may be gone */
	__u64 inode;
	__u64 id;	/* of the inode's node */
	__u64 flags;	/* of the mapping when it was made */
	__u64 read;	/* who last read which version of the file */
};

struct cf_mappings {
	struct cf_mapping mapping[CF_MAPPINGS];
	__u64 left_out;	/* there was no room for so many more, of which nobody has been told */
	__u64 unnamed;	/* not 0: one of their files is recorded and has no name yet */
	__u64 tracked;	/* cf_ids.mapped as it was when their files were looked at << 1 | whether one is tracked */
};

struct cf_ids {
	__u64 node;
	__u64 relation;
	__u32 said;	/* how often something was said of files by their keys, and so not to their nodes */
	__u32 sent;	/* not 0: something tracked has sent over IP */
	__u32 apart[16];	/* what comes now is read wherever anything happens: not beside what changes all the time */
	__u32 mapped;	/* how often it may have changed which files are tracked of those that are mapped shared */
	__u32 zero;
};

#endif
