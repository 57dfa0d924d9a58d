// SPDX-License-Identifier: GPL-2.0-only
/* Threads: their beginning and end. */
#include "state.h"

char LICENSE[] SEC("license") = "GPL";

#define CLONE_THREAD 0x00010000

struct inheritance {
	u64 taint;
	u32 flags;
	u32 hidden;
};

/*
 * The recorder never acts and has no state of its own: its children inherit what user space marked it with, and stay
 * hidden until they execute something. Its threads are the recorder.
 */
static __always_inline bool find_inheritance(struct inheritance *found, unsigned long clone_flags)
{
	struct cf_config *config = cf_get_config();
	struct task_struct *current = bpf_get_current_task_btf();
	struct cf_actor actor;
	struct cf_mark *mark;

	if (config && config->enabled && current->tgid == config->recorder) {
		mark = bpf_task_storage_get(&cf_marks, current, 0, 0);
		if (mark) {
			found->flags = mark->flags;
			found->taint = mark->taint;
		}
		found->hidden = 1;
		return !(clone_flags & CLONE_THREAD);
	}
	if (!cf_concerns(NULL) || !cf_acts(&actor))
		return false;
	found->taint = actor.task->taint;
	found->flags = cf_inherited(CF_CLONE, CF_NODE_TASK, actor.task->flags, &found->taint);
	return true;
}

/* What the new task inherits. It has no pid yet and may still come to nothing. */
CF_HOOK(task_alloc)
int BPF_PROG(cf_task_alloc, struct task_struct *task, unsigned long clone_flags, int ret)
{
	struct cf_task *child;
	struct inheritance found = {};

	if (ret || !find_inheritance(&found, clone_flags))
		return CF_VERDICT(ret);
	child = CF_TASK_VALUE(cf_tasks, task);
	if (!child) {
		cf_count_state_failure();
		return CF_VERDICT(ret);
	}
	child->clone_flags = clone_flags;
	child->node.sieve = cf_number_of(cf_address(task));
	cf_flag(&child->node, found.flags & CF_TRACKING, found.taint);
	child->hidden = found.hidden;
	return CF_VERDICT(ret);
}

/* The new task is complete and has not run yet. */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(cf_sched_process_fork, struct task_struct *parent, struct task_struct *child)
{
	struct cf_actor actor;
	struct cf_task *state;
	struct cf_node *process;
	struct cf_act act;

	if (!cf_concerns(NULL) || !cf_acts(&actor))
		return 0;
	state = cf_task(child);
	process = cf_process(child->real_cred, child->tgid);
	if (!state || !process)
		return 0;
	if (process->flags & CF_FRESH) {
		process->process.tgid = child->tgid;
		process->name = actor.process->name;
		cf_use_fresh(&actor, process);
	}
	cf_shows(&state->node, process);
	act = cf_new_act(&actor, CF_MEMORY_READ, state->clone_flags);
	cf_reads(&act, actor.process, actor.task);
	act.relation = CF_CLONE;
	cf_informs(&act, actor.task, &state->node, actor.process, process);
	return 0;
}

/*
 * The task is somewhere else: what is recorded of it from now on is another version, which says where. One that ends
 * is nowhere.
 */
SEC("fexit/switch_task_namespaces")
int BPF_PROG(cf_switch_task_namespaces, struct task_struct *task, struct nsproxy *namespaces)
{
	struct cf_task *state = bpf_task_storage_get(&cf_tasks, task, 0, 0);

	if (!state || !namespaces || !state->node.published)
		return 0;
	__sync_fetch_and_or(&state->node.step, 1);
	state->node.previous = 0;
	return 0;
}

/*
 * The task has been waited for, or needs not be: nothing is to come of it. Not when its memory is freed: a softirq may
 * do that in the middle of another use of storages on this processor, and before 6.2 no state is found then.
 */
SEC("fexit/cgroup_release")
int BPF_PROG(cf_cgroup_release, struct task_struct *task)
{
	struct cf_task *state = bpf_task_storage_get(&cf_tasks, task, 0, 0);

	if (!state)
		return 0;
	cf_ends(CF_TERMINATE_TASK, &state->node);
	cf_forget_flags(&state->node, 0);
	return 0;
}

/* Also of one that came to nothing. */
CF_HOOK(task_free)
int BPF_PROG(cf_task_free, struct task_struct *task)
{
	struct cf_task *state = bpf_task_storage_get(&cf_tasks, task, 0, 0);
	struct cf_config *config = cf_get_config();

	/* The recorder has ended, in whatever way: its number may be somebody else's next. */
	if (config && task->pid == task->tgid)
		__sync_val_compare_and_swap(&config->recorder, task->tgid, 0);
	if (state)
		cf_forget_flags(&state->node, 0);
	return 0;
}
