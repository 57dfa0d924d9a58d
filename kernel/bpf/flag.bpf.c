// SPDX-License-Identifier: GPL-2.0-only
/* Flags and taint of nodes: what else has to know of them when they change. */
#include "flag.h"

char LICENSE[] SEC("license") = "GPL";

static __always_inline struct cf_file_key key_of(const struct cf_node *node)
{
	return (struct cf_file_key){
		.ino = node->inode.ino,
		.device = node->inode.device,
		.generation = node->inode.generation,
	};
}

/* What is said of a file outlives its time in memory. Returns 0 where there is no room for it. */
static __always_inline bool keep_file(struct cf_node *node, u32 flags, u64 taint)
{
	struct cf_file_key key = key_of(node);
	struct cf_file fresh = { .flags = flags, .taint = taint };
	struct cf_file *file = bpf_map_lookup_elem(&cf_files, &key);

	if (!file) {
		__builtin_memcpy(fresh.uuid, node->inode.uuid, sizeof(fresh.uuid));
		cf_sieve_add(node->sieve);
		if (!bpf_map_update_elem(&cf_files, &key, &fresh, BPF_NOEXIST))
			return true;
		cf_sieve_remove(node->sieve);
		file = bpf_map_lookup_elem(&cf_files, &key);
	}
	if (!file)
		return false;
	if (flags & ~file->flags)
		__sync_fetch_and_or(&file->flags, flags);
	if (taint & ~file->taint)
		__sync_fetch_and_or(&file->taint, taint);
	return true;
}

__noinline int cf_flag(struct cf_node *node, u32 flags, u64 taint)
{
	u64 number;
	u32 before;

	if (!node)
		return 0;
	before = node->flags;
	number = flags & CF_SIEVED && !cf_is_kept(node) ? node->sieve : 0;
	if (flags & ~before) {
		if (number)
			cf_sieve_add(number);
		before = __sync_fetch_and_or(&node->flags, flags);
		if (number && before & (CF_SIEVED | CF_ENDED))
			cf_sieve_remove(number);
	}
	if (taint & ~node->taint)
		__sync_fetch_and_or(&node->taint, taint);
	else if (!(flags & ~before))
		return 0;
	if (!cf_is_kept(node))
		return 0;
	if (!keep_file(node, flags, taint))
		cf_count_state_failure();
	if (before & CF_MAPPED && flags & ~before & CF_TRACKED)
		cf_change_mapped();
	return 0;
}

__noinline int cf_hear(struct cf_node *node)
{
	const u32 said = CF_TRACKING | CF_OPAQUE | CF_RECORD;
	struct cf_ids *ids = cf_get_ids();
	struct cf_file_key key;
	struct cf_file *file;

	if (!node || !ids)
		return 0;
	/* First: what is said while this looks is looked for again. */
	node->inode.said = *(volatile u32 *)&ids->said;
	if (!cf_is_kept(node))
		return 0;
	key = key_of(node);
	file = cf_in_sieve(node->sieve) ? bpf_map_lookup_elem(&cf_files, &key) : NULL;
	__sync_fetch_and_and(&node->flags, ~said | (file ? file->flags : 0));
	if (!file || !file->taint)
		node->taint = 0;
	if (!file)
		return 0;
	/* Others may have added to both meanwhile. */
	__sync_fetch_and_or(&node->flags, file->flags);
	__sync_fetch_and_or(&node->taint, file->taint);
	return 0;
}

__noinline int cf_unflag(struct cf_node *node, u32 flags)
{
	struct cf_file_key key;
	struct cf_file *file;
	u32 before;

	if (!node)
		return 0;
	before = __sync_fetch_and_and(&node->flags, ~flags);
	if (!cf_is_kept(node)) {
		if (node->sieve && before & CF_SIEVED && !(before & (CF_ENDED | (~flags & CF_SIEVED))))
			cf_sieve_remove(node->sieve);
		return 0;
	}
	if (before & CF_MAPPED && before & flags & CF_TRACKED)
		cf_change_mapped();
	key = key_of(node);
	file = bpf_map_lookup_elem(&cf_files, &key);
	if (!file)
		return 0;
	__sync_fetch_and_and(&file->flags, ~flags);
	if (!file->flags && !file->taint && !bpf_map_delete_elem(&cf_files, &key))
		cf_sieve_remove(node->sieve);
	return 0;
}

/*
 * The node's object ends, which may be told twice; `last`: there is no file either, or no name by which anybody could
 * find it again.
 */
__noinline int cf_forget_flags(struct cf_node *node, u32 last)
{
	struct cf_file_key key;
	u32 before;

	if (!node)
		return 0;
	if (!cf_is_kept(node)) {
		before = __sync_fetch_and_or(&node->flags, CF_ENDED);
		if (node->sieve && before & CF_SIEVED && !(before & CF_ENDED))
			cf_sieve_remove(node->sieve);
		return 0;
	}
	if (!last || !cf_in_sieve(node->sieve))
		return 0;
	key = key_of(node);
	if (!bpf_map_delete_elem(&cf_files, &key))
		cf_sieve_remove(node->sieve);
	return 0;
}
