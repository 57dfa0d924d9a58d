/* SPDX-License-Identifier: GPL-2.0-only */
/* From the kernel's objects to their state, and who acts. */
#ifndef CAMFLOW_STATE_H
#define CAMFLOW_STATE_H

#include "record.h"
#include "flag.h"
#include "policy.h"

/*
 * A hook. Where bpf is not among the kernel's active security modules, programs on the ends of the functions that
 * call the hooks stand in (CF_FEXIT): they see the same and cannot refuse anything, which none of these does. Where
 * arguments differ the program says so itself. CF_VERDICT is what a program returns: what was decided before it.
 */
#ifdef CF_FEXIT
#define CF_HOOK_AS(hook, function) SEC("fexit/" #function)
#define CF_VERDICT(ret) 0
#else
#define CF_HOOK_AS(hook, function) SEC("lsm/" #hook)
#define CF_VERDICT(ret) (ret)
#endif
#define CF_HOOK(hook) CF_HOOK_AS(hook, security_##hook)

/* Internal flag of a process node: credentials that were prepared and have not been used yet. */
#define CF_FRESH (1u << 8)

#define CF_PRIVATE_INODE (1u << 9)

/* The task that acts and its memory. */
struct cf_actor {
	struct cf_task *state;
	struct cf_node *task;
	struct cf_node *process;
};

/* Whether nobody is to see what is done: rules about addresses do not bring its sockets to light either. */
static __always_inline bool cf_is_opaque(const struct cf_actor *actor)
{
	return (actor->task->flags | actor->process->flags) & CF_OPAQUE;
}

static __always_inline struct cf_act cf_new_act(const struct cf_actor *actor, u32 relation, u64 flags)
{
	return (struct cf_act){ .relation = relation, .flags = flags, .task_id = actor->task->id };
}

/* Whoever uses what somebody else is tracked for has no name yet: nothing of him was for the record. */
static __always_inline void cf_name_unnamed(struct cf_node *process, struct cf_node *task, struct cf_node *entity)
{
	struct cf_config *config = cf_get_config();

	if (config && process->named_epoch != config->epoch)
		cf_name_user(process, task, entity);
}

/* entity -> task -> process -> files mapped shared. Here and not in one function each: stacks are short. */
static __always_inline void cf_uses(struct cf_act *act, struct cf_node *entity, struct cf_node *task,
				    struct cf_node *process)
{
	cf_name_unnamed(process, task, entity);
	if (cf_record_use(act, entity, task, process) && process->flags & CF_SHARES && cf_write_mappings(process, task))
		cf_name_mappings(process, task);
}

/* files mapped shared -> process -> task -> entity */
static __always_inline void cf_generates(struct cf_act *act, struct cf_node *process, struct cf_node *task,
					 struct cf_node *entity)
{
	cf_name_unnamed(process, task, entity);
	if (process->flags & CF_SHARES && cf_allows(act, process, task, entity) && cf_read_mappings(process, task))
		cf_name_mappings(process, task);
	cf_record_generation(act, process, task, entity);
}

static __always_inline struct cf_node *cf_process(const struct cred *cred, u32 tgid)
{
	struct cf_node *node = bpf_map_lookup_elem(&cf_creds, &cred);

	if (node)
		return node;
	cf_begin_process(cf_address(cred), tgid, CF_SHARES, 0);
	return bpf_map_lookup_elem(&cf_creds, &cred);
}

static __always_inline struct cf_node *cf_inode(const struct inode *inode)
{
	struct cf_node *node = bpf_map_lookup_elem(&cf_inodes, &inode);
	struct cf_ids *ids = cf_get_ids();

	if (node) {
		if (ids && node->inode.said != ids->said)
			cf_hear(node);
		return node;
	}
	cf_begin_inode(cf_address(inode));
	return bpf_map_lookup_elem(&cf_inodes, &inode);
}

/* The state of a task, or NULL where none can be made. */
static __always_inline struct cf_task *cf_task(struct task_struct *task)
{
	struct cf_task *state = CF_TASK_VALUE(cf_tasks, task);

	if (!state)
		cf_count_state_failure();
	else if (!state->node.id)
		cf_begin_task(state, cf_address(task));
	return state;
}

/* Who executes from another thread than the first one takes over the numbers of that one. */
static __always_inline void cf_renumber(struct cf_task *state, struct task_struct *task)
{
	if (state->node.task.pid != task->pid)
		cf_begin_task(state, cf_address(task));
}

/* process -> task -> the fresh memory, the first time that it matters to anybody. */
static __always_inline void cf_use_fresh(struct cf_actor *actor, struct cf_node *fresh)
{
	struct cf_act act = cf_new_act(actor, CF_CLONE_MEM, 0);

	if (fresh->flags & CF_FRESH && __sync_fetch_and_and(&fresh->flags, ~CF_FRESH) & CF_FRESH)
		cf_generates(&act, actor->process, actor->task, fresh);
}

/* Names a process after the program that the task runs. */
static __always_inline void cf_name_program(struct cf_node *process, struct task_struct *task, u64 task_id)
{
	struct file *program = BPF_CORE_READ(task, mm, exe_file);

	if (program)
		cf_name(process, (u64)BPF_CORE_READ(program, f_path.dentry), (u64)BPF_CORE_READ(program, f_path.mnt),
			task_id);
}

/* What the record of a task shows of its memory. */
static __always_inline void cf_shows(struct cf_node *task, const struct cf_node *process)
{
	task->name = process->name;
	task->secid = process->secid;
}

/* Whether anything between the node and who acts would be recorded: asked before work is done only for that. */
static __always_inline bool cf_wants(const struct cf_actor *actor, struct cf_node *node)
{
	return cf_selects(node, actor->task, actor->process);
}

/* Whether anything is to be recorded of the current task; if so, the task and its memory. */
static __always_inline bool cf_acts(struct cf_actor *actor)
{
	struct cf_config *config = cf_get_config();
	struct task_struct *current = bpf_get_current_task_btf();
	struct cf_mark *mark;

	if (!config || !config->enabled || current->tgid == config->recorder)
		return false;
	actor->state = cf_task(current);
	if (!actor->state || actor->state->hidden)
		return false;
	actor->task = &actor->state->node;
	mark = bpf_task_storage_get(&cf_marks, current, 0, 0);
	if (mark && (mark->flags & ~actor->task->flags || mark->taint & ~actor->task->taint))
		cf_flag(actor->task, mark->flags, mark->taint);
	actor->process = cf_process(current->real_cred, current->tgid);
	if (!actor->process)
		return false;
	if (actor->process->flags & CF_FRESH) {
		struct cf_act act = cf_new_act(actor, CF_CLONE_MEM, 0);

		/* Credentials changed where no hook tells: all that is known is whose they are now. */
		if (__sync_fetch_and_and(&actor->process->flags, ~CF_FRESH) & CF_FRESH) {
			actor->process->process.tgid = current->tgid;
			cf_informs(&act, actor->task, actor->process, actor->process, actor->process);
		}
	}
	if (config->policies & ~CF_ANY_ADDRESS) {
		cf_apply_identity(actor->process);
		cf_apply_place(actor->task);
	}
	if (actor->process->named_epoch != config->epoch && cf_wants(actor, actor->process))
		cf_name_program(actor->process, current, actor->task->id);
	cf_shows(actor->task, actor->process);
	return true;
}

/* Keeps a sender as it is now for whoever reads at that end. This version of it is left. */
static __always_inline void cf_keep_sender(struct cf_end *end, struct cf_node *node)
{
	struct cf_scratch *scratch = cf_get_scratch();
	struct cf_ids *ids;

	if (!scratch)
		return;
	scratch->node = *node;
	scratch->node.step = __sync_fetch_and_or(&node->step, 1) | 1;
	if (bpf_map_update_elem(&cf_sent, end, &scratch->node, BPF_EXIST))
		cf_begin_end(end);
	ids = cf_get_ids();
	if (ids && node->flags & CF_TRACKED)
		ids->sent = 1;
}

/* Whether what arrives at that end, of a socket that nobody tracks, may come from one that somebody does. */
static __always_inline bool cf_may_receive(void)
{
	struct cf_config *config = cf_get_config();
	struct cf_ids *ids = cf_get_ids();

	return config && config->enabled && ids && ids->sent;
}

static __always_inline bool cf_sent_by_tracked(struct cf_end *end)
{
	struct cf_node *sender = bpf_map_lookup_elem(&cf_sent, end);

	return sender && sender->flags & CF_TRACKED;
}

static __always_inline bool cf_is_private(struct inode *inode)
{
	return inode->i_flags & CF_PRIVATE_INODE;
}

/* What is known of an address of which the object is gone, without having been seen to go. */
static __always_inline void cf_forget(void *map, u64 address)
{
	struct cf_node *node = bpf_map_lookup_elem(map, &address);

	if (!node)
		return;
	cf_forget_flags(node, 0);
	bpf_map_delete_elem(map, &address);
}

/* An inode that a file or a dentry leads to, with the attributes it has now. */
static __always_inline struct cf_node *cf_current_inode(struct inode *inode)
{
	struct cf_node *node = cf_inode(inode);

	if (node && node->inode.ino != inode->i_ino) {
		/* Of an inode that was at this address before and whose end was missed. */
		cf_forget(&cf_inodes, cf_address(inode));
		node = cf_inode(inode);
	}
	if (node) {
		node->inode.mode = inode->i_mode;
		node->uid = inode->i_uid.val;
		node->gid = inode->i_gid.val;
		cf_apply_owner(node);
	}
	return node;
}

/* Pipes and sockets have no path; a socket's file has one that the inode behind the socket does not share. */
static __always_inline bool cf_is_nameable(const struct cf_node *node)
{
	return node->type != CF_NODE_PIPE && node->type != CF_NODE_SOCKET;
}

/* Whether to look for the node's name: not in vain, and once an epoch. */
static __always_inline bool cf_wants_name(const struct cf_actor *actor, struct cf_node *node)
{
	struct cf_config *config = cf_get_config();

	return config && node->named_epoch != config->epoch && cf_is_nameable(node) && cf_wants(actor, node);
}

static __always_inline void cf_name_by_file(const struct cf_actor *actor, struct cf_node *node, struct file *file)
{
	cf_name(node, (u64)BPF_CORE_READ(file, f_path.dentry), (u64)BPF_CORE_READ(file, f_path.mnt), actor->task->id);
}

/* The inode of a file, named after the path by which it was opened; NULL for one that is the kernel's own. */
static __always_inline struct cf_node *cf_file_inode(struct cf_actor *actor, struct file *file)
{
	struct inode *inode = file->f_inode;
	struct cf_node *node;

	if (!inode || cf_is_private(inode))
		return NULL;
	node = cf_current_inode(inode);
	if (node && cf_wants_name(actor, node))
		cf_name_by_file(actor, node, file);
	return node;
}

/* An inode of which only itself is known, named after any dentry of it. */
static __always_inline struct cf_node *cf_plain_inode(struct cf_actor *actor, struct inode *inode)
{
	struct cf_node *node;

	if (!inode || cf_is_private(inode))
		return NULL;
	node = cf_current_inode(inode);
	if (node && cf_wants_name(actor, node))
		cf_name_inode(node, cf_address(inode), actor->task->id);
	return node;
}

#endif
