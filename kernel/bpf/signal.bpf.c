// SPDX-License-Identifier: GPL-2.0-only
/* What a task does to another: signals, debugging, and its process group. */
#include "objects.h"

char LICENSE[] SEC("license") = "GPL";

#define PTRACE_READ 1
#define PTRACE_ATTACH 2

/*
 * A recorder passes on to its command the signals that it gets, unless the command got them as well, with the whole
 * process group say. Only the kernel sees to whom one and the same signal went.
 */
static __always_inline void note_signal(struct task_struct *task, u32 signal)
{
	struct cf_config *config = cf_get_config();
	struct task_struct *current = bpf_get_current_task_btf();
	struct cf_signal_key key = { .process = task->tgid, .signal = signal };
	struct cf_signal value = { .sender = current->tgid };
	u32 recorder;

	if (!config || !config->enabled)
		return;
	recorder = config->recorder;
	if (!recorder || current->tgid == recorder ||
	    (task->tgid != recorder && BPF_CORE_READ(task, real_parent, tgid) != recorder))
		return;
	value.time = bpf_ktime_get_ns();
	bpf_map_update_elem(&cf_signals, &key, &value, BPF_ANY);
}

/* Whoever does something to a task that is tracked has no name yet, unless he is so as well. */
static __always_inline void name_who(const struct cf_actor *actor, const struct cf_actor *target)
{
	cf_name_unnamed(actor->process, actor->task, target->task);
	cf_name_unnamed(actor->process, actor->task, target->process);
}

/* Whether what the current task does to another one can be for the record: because of either. */
static __always_inline bool concerns(const struct task_struct *task)
{
	return cf_concerns(NULL) || cf_task_concerns(task);
}

/* Sent by a task. Those that the kernel sends itself do not come through here; 0 only asks whether one may. */
CF_HOOK(task_kill)
int BPF_PROG(cf_task_kill, struct task_struct *task, void *info, int signal, const struct cred *cred, int ret)
{
	struct cf_actor actor, target;
	struct cf_act act;

	if (!ret && signal)
		note_signal(task, signal);
	/*
	 * With credentials given it is sent on behalf of a task that is not the current one. Asked by number: the verifier
	 * of 6.12 holds that what a hook is given is there, and leaves out what would come where it is not.
	 */
	if (ret || !signal || cf_address(cred) || !concerns(task) || !cf_acts(&actor) || !cf_target(&target, task))
		return CF_VERDICT(ret);
	name_who(&actor, &target);
	act = cf_new_act(&actor, CF_SIGNAL, signal);
	cf_informs(&act, actor.task, target.task, actor.process, target.process);
	return CF_VERDICT(ret);
}

/* Asked whenever a task looks into another one, also through /proc. What it then reads or changes is not seen. */
CF_HOOK(ptrace_access_check)
int BPF_PROG(cf_ptrace_access_check, struct task_struct *child, unsigned int mode, int ret)
{
	struct cf_actor actor, target;
	struct cf_act act;

	if (ret || !concerns(child) || !cf_acts(&actor) || !cf_target(&target, child))
		return CF_VERDICT(ret);
	if (mode & (PTRACE_READ | PTRACE_ATTACH))
		name_who(&actor, &target);
	act = cf_new_act(&actor, 0, mode);
	if (mode & PTRACE_READ) {
		act.relation = CF_PTRACE_READ_TASK;
		cf_informs(&act, target.task, actor.task, target.process, actor.process);
		act.relation = CF_PTRACE_READ;
		if (target.process != actor.process)
			cf_uses(&act, target.process, actor.task, actor.process);
	}
	if (mode & PTRACE_ATTACH) {
		act.relation = CF_PTRACE_ATTACH;
		if (target.process != actor.process)
			cf_generates(&act, actor.process, actor.task, target.process);
		act.relation = CF_PTRACE_ATTACH_TASK;
		cf_informs(&act, actor.task, target.task, actor.process, target.process);
	}
	return CF_VERDICT(ret);
}

CF_HOOK(ptrace_traceme)
int BPF_PROG(cf_ptrace_traceme, struct task_struct *parent, int ret)
{
	struct cf_actor actor, target;
	struct cf_act act;

	if (ret || !concerns(parent) || !cf_acts(&actor) || !cf_target(&target, parent))
		return CF_VERDICT(ret);
	name_who(&actor, &target);
	act = cf_new_act(&actor, CF_PTRACE_TRACEME, 0);
	cf_informs(&act, actor.task, target.task, actor.process, target.process);
	return CF_VERDICT(ret);
}

/* The last that is asked before the group changes. */
CF_HOOK(task_setpgid)
int BPF_PROG(cf_task_setpgid, struct task_struct *task, int group, int ret)
{
	struct cf_actor actor, target;
	struct cf_act act;

	if (ret || !concerns(task) || !cf_acts(&actor) || !cf_target(&target, task))
		return CF_VERDICT(ret);
	act = cf_new_act(&actor, CF_SETPGID, (u32)group);
	cf_generates(&act, actor.process, actor.task, target.process);
	return CF_VERDICT(ret);
}

CF_HOOK(task_getpgid)
int BPF_PROG(cf_task_getpgid, struct task_struct *task, int ret)
{
	struct cf_actor actor, target;
	struct cf_act act;

	if (ret || !concerns(task) || !cf_acts(&actor) || !cf_target(&target, task))
		return CF_VERDICT(ret);
	act = cf_new_act(&actor, CF_GETPGID, 0);
	cf_uses(&act, target.process, actor.task, actor.process);
	return CF_VERDICT(ret);
}
