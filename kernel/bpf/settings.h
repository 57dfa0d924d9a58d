/* SPDX-License-Identifier: GPL-2.0-only */
/* What user space tells the programs: what is recorded, and what is said of whom. */
#ifndef CAMFLOW_SETTINGS_H
#define CAMFLOW_SETTINGS_H

#include "node.h"

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
/*
 * Files that a tracked process opens to write into become tracked, too. User space sets it where capture follows what was
 * said to camconfd or camflow; who records a command for himself leaves no marks behind.
 */
#define CF_SPREADS		(1u << 6)
#define CF_HIDE_VALUES		(1u << 7)	/* of extended attributes only names and sizes are written */
/* A recording of somebody's own is running: what is tracked for it alone is so no longer when it ends (CF_HELD). */
#define CF_OWN			(1u << 8)

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
	/* Subtype bits of nodes and relations that are not written for now, under load. */
	__u64 shed_nodes;
	__u64 shed_relations[8];	/* by class; the last two are nobody's */
	/* What the recorder's own policy leaves out: of nodes here, of relations in cf_left_out where there is any. */
	__u64 left_nodes;
	__u32 leaves_relations;
	__u32 zero;
};

/* Relations of one type that the recorder's policy leaves out: those from, and those to, nodes of these types. */
struct cf_left_out {
	__u64 from;
	__u64 to;
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
#define CF_REQUEST_KEY 1u	/* the file with that key: need not be in memory, and hears of it there when something happens to it */
#define CF_REQUEST_PROCESS 2u	/* every thread of thread group `target`, and their memory */
/* Before and after a recording of one's own. Of everything: cf_ask_file does maps, cf_ask_process tasks. */
#define CF_REQUEST_HOLD 3u	/* what is tracked now is to be so after it */
#define CF_REQUEST_DROP 4u	/* whatever else is tracked was so for it alone */

/*
 * User space writes it, runs cf_ask_file (BPF_PROG_TEST_RUN) or reads cf_ask_process to its end, and finds the answer
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
	__u8 uuid[16];		/* of the file system of a file that is asked for by its key */
	struct cf_node node;	/* answer: of the file, or of the process's memory */
};

#endif
