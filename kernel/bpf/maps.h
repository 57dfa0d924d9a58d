/* SPDX-License-Identifier: GPL-2.0-only */
/* The maps. record.bpf.c defines them, every other file refers to those. */
#ifndef CAMFLOW_MAPS_H
#define CAMFLOW_MAPS_H

#include "vmlinux.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "camflow.h"

/* A slot for each of some thousand tracked things, and hardly ever one for two; and behind them one for their sum. */
#define CF_SIEVE_BITS 18
#define CF_SIEVE_SLOTS (1u << CF_SIEVE_BITS)

#ifdef CF_DEFINE_MAPS
#define CF_MAP
#else
#define CF_MAP extern
#endif

CF_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct cf_config);
} cf_config SEC(".maps");

CF_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct cf_machine);
} cf_machine SEC(".maps");

struct cf_ring {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 1 << 22);
};

CF_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 256);
	__type(key, u32);
	__array(values, struct cf_ring);
} cf_rings SEC(".maps");

CF_MAP struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct cf_stats);
} cf_stats SEC(".maps");

CF_MAP struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, CF_COUNTS);
	__type(key, u32);
	__type(value, struct cf_count);
} cf_counts SEC(".maps");

/* By relation, as cf_counts. */
CF_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CF_COUNTS);
	__type(key, u32);
	__type(value, struct cf_left_out);
} cf_left_out SEC(".maps");

CF_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct cf_ids);
} cf_ids SEC(".maps");

CF_MAP struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct cf_task);
} cf_tasks SEC(".maps");

CF_MAP struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct cf_mark);
} cf_marks SEC(".maps");

CF_MAP struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1 << 18);
	__type(key, u64);
	__type(value, struct cf_node);
} cf_creds SEC(".maps");

CF_MAP struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1 << 20);
	__type(key, u64);
	__type(value, struct cf_node);
} cf_inodes SEC(".maps");

CF_MAP struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1 << 16);
	__type(key, u64);
	__type(value, struct cf_mappings);
} cf_mappings SEC(".maps");

/* Objects that are neither tasks, credentials nor inodes. */
CF_MAP struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1 << 18);
	__type(key, u64);
	__type(value, struct cf_node);
} cf_objects SEC(".maps");

CF_MAP struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1 << 18);
	__type(key, struct cf_file_key);
	__type(value, struct cf_file);
} cf_files SEC(".maps");

CF_MAP struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1 << 12);
	__type(key, struct cf_policy_key);
	__type(value, struct cf_policy);
} cf_policies SEC(".maps");

CF_MAP struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1 << 12);
	__type(key, u32);
	__type(value, struct cf_context);
} cf_contexts SEC(".maps");

CF_MAP struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1 << 12);
	__type(key, struct cf_context);
	__type(value, struct cf_policy);
} cf_named_policies SEC(".maps");

CF_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, u32);
	__type(value, struct cf_address_rules);
} cf_addresses SEC(".maps");

CF_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, u32);
	__type(value, struct cf_request);
} cf_request SEC(".maps");

CF_MAP struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1 << 10);
	__type(key, struct cf_signal_key);
	__type(value, struct cf_signal);
} cf_signals SEC(".maps");

CF_MAP struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, CF_SIEVE_SLOTS + 1);
	__type(key, u32);
	__type(value, u32);
} cf_sieve SEC(".maps");

/* Where what was sent arrives: the end of a connection, as its receiver sees it. */
struct cf_end {
	u64 sock;	/* of a UNIX socket: all there is to know */
	u32 local[4];
	u32 remote[4];
	u16 local_port;
	u16 remote_port;
	u32 net;
};

/* The sockets that last sent to an end, as they were then: they may be gone before it is read. */
CF_MAP struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1 << 14);
	__type(key, struct cf_end);
	__type(value, struct cf_node);
} cf_sent SEC(".maps");

#define CF_PATH_LIMIT 4096
#define CF_NAME_LIMIT 256

/*
 * A task walks one path or reads one string at a time; interrupts do neither. What a loop changes is here and not on
 * the stack, because the verifier of 6.1 believes that it runs once.
 */
struct cf_scratch {
	char text[CF_PATH_LIMIT + CF_NAME_LIMIT];
	u64 start;	/* of the path, which is filled in from its end */
	u64 dentry;
	u64 mount;	/* 0: the path ends at the file system's root */
	u64 root_dentry;	/* the root of the task that acts: paths end there, too */
	u64 root_mount;
	u64 namespace;	/* the mount namespace of that task */
	u64 next_mount;	/* of the mounts of a file system, where one has to be chosen */
	u64 last_mount;
	u64 root_of_mounts;
	u64 is_near;	/* whether the one chosen so far is in that namespace */
	u64 is_cut;	/* whether the path is longer than there is room for */
	u64 hash;
	u64 address;	/* of the next string of the new program */
	struct cf_node node;	/* one that exists only in its record */
	struct cf_node path;	/* such a one, too: whoever uses `node` may have to be named meanwhile */
};

CF_MAP struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct cf_scratch);
} cf_scratch SEC(".maps");

/* A pointer as a number, which is what global functions take: the verifier does not convert one itself. */
static __always_inline u64 cf_address(const void *pointer)
{
	u64 address = 0;

	bpf_probe_read_kernel(&address, sizeof(address), &pointer);
	return address;
}

/*
 * Whether an argument of a security hook is there. The verifier of 6.12 believes that every one is, and takes a comparison
 * with NULL away: only a number can be asked. Where it knows better it wants the comparison, too.
 */
#define cf_is_there(pointer) (cf_address(pointer) && (pointer))

static __always_inline struct cf_config *cf_get_config(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&cf_config, &zero);
}

static __always_inline struct cf_stats *cf_get_stats(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&cf_stats, &zero);
}

static __always_inline void cf_count_state_failures(u64 number)
{
	struct cf_stats *stats = cf_get_stats();

	if (stats)
		__sync_fetch_and_add(&stats->state_failures, number);
}

static __always_inline void cf_count_state_failure(void)
{
	cf_count_state_failures(1);
}

/*
 * A task's value in one of its storages. Where a task gets its first storage from two at once, the kernel refuses the
 * second (user space sees EAGAIN), who has to try again.
 */
#define CF_TASK_VALUE(storage, task) \
	({ \
		void *value = NULL; \
		for (int i = 0; i < 8 && !value; i++) \
			value = bpf_task_storage_get(&(storage), task, 0, BPF_LOCAL_STORAGE_GET_F_CREATE); \
		value; \
	})

static __always_inline struct cf_scratch *cf_get_scratch(void)
{
	struct cf_scratch *scratch = CF_TASK_VALUE(cf_scratch, bpf_get_current_task_btf());

	if (!scratch)
		cf_count_state_failure();
	return scratch;
}

static __always_inline struct cf_ids *cf_get_ids(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&cf_ids, &zero);
}

static __always_inline u64 cf_new_id(void)
{
	struct cf_ids *ids = cf_get_ids();

	return ids ? __sync_fetch_and_add(&ids->node, 1) + 1 : 0;
}

#endif
