/* SPDX-License-Identifier: GPL-2.0-only */
/* State of what a hook is told of besides who acts: another task, a file by its number, a message or a segment. */
#ifndef CAMFLOW_OBJECTS_H
#define CAMFLOW_OBJECTS_H

#include "state.h"

/* Another task than the one that acts, and its memory; false for the recorder. */
static __always_inline bool cf_target(struct cf_actor *target, struct task_struct *task)
{
	struct cf_config *config = cf_get_config();

	if (!config || task->tgid == config->recorder)
		return false;
	target->state = cf_task(task);
	if (!target->state)
		return false;
	target->task = &target->state->node;
	target->process = cf_process(task->real_cred, task->tgid);
	return target->process;
}

/* Whether an inode of which only the address is known is in the sieve. */
static __always_inline bool cf_inode_concerns(struct inode *inode)
{
	return cf_in_sieve(cf_inode_number(BPF_CORE_READ(inode, i_sb, s_dev), BPF_CORE_READ(inode, i_ino)));
}

/* Whether what the current task does to a file of which only the address is known can be for the record. */
static __always_inline bool cf_file_concerns(u64 address)
{
	struct cf_config *config = cf_get_config();

	if (cf_concerns(NULL))
		return true;
	if (!config || !config->enabled || cf_sieve_is_empty())
		return false;
	return cf_inode_concerns(BPF_CORE_READ((struct file *)address, f_inode));
}

/* The inode of a file of which only the address is known, named after the path by which it was opened. */
static __always_inline struct cf_node *cf_file_at(struct cf_actor *actor, u64 address)
{
	struct file *file = (struct file *)address;
	struct inode *inode = BPF_CORE_READ(file, f_inode);
	struct cf_node *node;

	if (!inode || BPF_CORE_READ(inode, i_flags) & CF_PRIVATE_INODE)
		return NULL;
	node = cf_inode(inode);
	if (!node)
		return NULL;
	node->inode.mode = BPF_CORE_READ(inode, i_mode);
	node->uid = BPF_CORE_READ(inode, i_uid.val);
	node->gid = BPF_CORE_READ(inode, i_gid.val);
	if (cf_wants_name(actor, node))
		cf_name(node, (u64)BPF_CORE_READ(file, f_path.dentry), (u64)BPF_CORE_READ(file, f_path.mnt),
			actor->task->id);
	return node;
}

/* The file that the current task has open under a number; 0 where there is none. */
static __always_inline u64 cf_open_file(u32 number)
{
	struct fdtable *table = BPF_CORE_READ(bpf_get_current_task_btf(), files, fdt);
	u64 file = 0;

	if (number < BPF_CORE_READ(table, max_fds))
		bpf_probe_read_kernel(&file, sizeof(file), BPF_CORE_READ(table, fd) + number);
	return file;
}

static __always_inline struct cf_node *cf_object(const void *object)
{
	u64 key = cf_address(object);

	return bpf_map_lookup_elem(&cf_objects, &key);
}

/* The state of an object that may be older than capture: it begins with who first had to do with it. */
static __always_inline struct cf_node *cf_older_object(const struct cf_actor *actor, const void *object, u64 type,
						       u64 detail)
{
	struct cf_node *node = cf_object(object);

	if (node)
		return node;
	cf_begin_object(cf_address(object), type, detail, actor->task->uid, actor->task->gid);
	return cf_object(object);
}

static __always_inline void cf_end_object(const void *object)
{
	struct cf_node *node = cf_object(object);
	u64 key = cf_address(object);

	if (!node)
		return;
	cf_ends(CF_FREE, node);
	cf_forget_flags(node, 0);
	bpf_map_delete_elem(&cf_objects, &key);
}

#endif
