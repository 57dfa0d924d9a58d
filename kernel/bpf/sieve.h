/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What lets hooks be left early. A slot of cf_sieve counts the tracked things whose number falls into it: where it is
 * 0 none is, and neither state nor storage need be looked for. Where the last one, the sum of all others, is 0, there is
 * nothing to ask them. Tasks, credentials, messages and the like are known by their address while they live; inodes by
 * device and number, so that one which comes back into memory is found as well.
 *
 * What is counted is counted before it is so, and no longer so before it is taken back: no slot is ever below what it
 * stands for.
 */
#ifndef CAMFLOW_SIEVE_H
#define CAMFLOW_SIEVE_H

#include "maps.h"

/* One factor spreads addresses, which differ little, over the slots. */
static __always_inline u32 *cf_slot(u64 number)
{
	u32 slot = number * 0x9e3779b97f4a7c15ULL >> (64 - CF_SIEVE_BITS);

	return bpf_map_lookup_elem(&cf_sieve, &slot);
}

static __always_inline bool cf_in_sieve(u64 number)
{
	u32 *count = cf_slot(number);

	return !count || *(volatile u32 *)count;
}

static __always_inline u32 *cf_sum(void)
{
	u32 last = CF_SIEVE_SLOTS;

	return bpf_map_lookup_elem(&cf_sieve, &last);
}

static __always_inline void cf_sieve_add(u64 number)
{
	u32 *count = cf_slot(number), *sum = cf_sum();

	if (!count || !sum)
		return;
	__sync_fetch_and_add(sum, 1);
	__sync_fetch_and_add(count, 1);
}

static __always_inline void cf_sieve_remove(u64 number)
{
	u32 *count = cf_slot(number), *sum = cf_sum();

	if (!count || !sum)
		return;
	__sync_fetch_and_sub(count, 1);
	__sync_fetch_and_sub(sum, 1);
}

static __always_inline bool cf_sieve_is_empty(void)
{
	u32 *sum = cf_sum();

	return sum && !*(volatile u32 *)sum;
}

static __always_inline u64 cf_inode_number(u32 device, u64 ino)
{
	return (u64)device << 40 ^ ino;
}

/*
 * The number of an address: its distance from the configuration, which does not move. The verifier lets a pointer be
 * a number only so, and without asking a helper.
 */
static __always_inline u64 cf_address_number(const void *pointer, const struct cf_config *config)
{
	u64 number = (u64)pointer;

	asm volatile("%0 -= %1" : "+r"(number) : "r"(config));
	return number;
}

static __always_inline u64 cf_number_of(u64 address)
{
	return address - cf_address(cf_get_config());
}

/* Whether the current process has a file mapped shared that is tracked. */
extern int cf_maps_tracked(void);

/* Whether any file that is tracked was ever mapped shared: only then need the above be asked. */
static __always_inline bool cf_are_tracked_mapped(void)
{
	struct cf_ids *ids = cf_get_ids();

	return ids && *(volatile u32 *)&ids->mapped;
}

/* Whether everything that happens has to be looked at. */
static __always_inline bool cf_looks_at_all(const struct cf_config *config)
{
	return (config->modes & (CF_ALL | CF_SIEVE)) != CF_SIEVE || config->policies & ~CF_ANY_ADDRESS;
}

/* Whether what the current task does, to this inode or to anything (NULL), can be for the record. */
static __always_inline bool cf_concerns(const struct inode *inode)
{
	struct cf_config *config = cf_get_config();
	struct task_struct *current;

	if (!config || !config->enabled)
		return false;
	if (cf_looks_at_all(config))
		return true;
	if (cf_sieve_is_empty())
		return false;
	current = bpf_get_current_task_btf();
	return cf_in_sieve(cf_address_number(current, config)) ||
	       cf_in_sieve(cf_address_number(current->real_cred, config)) ||
	       (inode && cf_in_sieve(cf_inode_number(inode->i_sb->s_dev, inode->i_ino))) ||
	       (cf_are_tracked_mapped() && cf_maps_tracked());
}

/* Whether an object is in the sieve: what somebody does to it can then be for the record, whoever it is. */
static __always_inline bool cf_object_concerns(const void *object)
{
	struct cf_config *config = cf_get_config();

	return config && cf_in_sieve(cf_address_number(object, config));
}

/* The same for a task and its memory. */
static __always_inline bool cf_task_concerns(const struct task_struct *task)
{
	return cf_object_concerns(task) || cf_object_concerns(task->real_cred);
}

#endif
