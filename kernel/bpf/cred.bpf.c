// SPDX-License-Identifier: GPL-2.0-only
/*
 * Credentials, which stand for a process's memory. Prepared ones are recorded only once somebody uses them: many
 * never are.
 */
#include "state.h"

char LICENSE[] SEC("license") = "GPL";

CF_HOOK_AS(cred_prepare, security_prepare_creds)
int BPF_PROG(cf_cred_prepare, struct cred *new, const struct cred *old, int gfp, int ret)
{
	struct task_struct *current = bpf_get_current_task_btf();
	struct cf_node *from;
	struct cf_task *task;
	u32 flags = CF_SHARES;
	u64 taint = 0;

	/* These are new: what is known of their address is of others, whose end was missed. */
	cf_forget(&cf_creds, cf_address(new));
	if (ret || !cf_concerns(NULL))
		return CF_VERDICT(ret);
	from = bpf_map_lookup_elem(&cf_creds, &old);
	task = bpf_task_storage_get(&cf_tasks, current, 0, 0);
	if (from) {
		flags = from->flags;
		taint = from->taint;
	}
	/* The memory stays opaque until it is that of another program; what is said of the task is not said of it. */
	if (task) {
		flags |= task->node.flags & ~CF_OPAQUE;
		taint |= task->node.taint;
	}
	flags = cf_inherited(CF_CLONE_MEM, CF_NODE_PROCESS, flags, &taint);
	cf_begin_process(cf_address(new), current->tgid,
			 (flags & (CF_TRACKING | CF_OPAQUE | CF_SHARES)) | CF_FRESH, taint);
	return CF_VERDICT(ret);
}

/* As above. Who gets these is told when they act. */
CF_HOOK(cred_alloc_blank)
int BPF_PROG(cf_cred_alloc_blank, struct cred *new, int gfp, int ret)
{
	cf_forget(&cf_creds, cf_address(new));
	return CF_VERDICT(ret);
}

/* In any context: the last to let go of credentials may be an interrupt. */
CF_HOOK(cred_free)
int BPF_PROG(cf_cred_free, struct cred *cred)
{
	struct cf_node *node = bpf_map_lookup_elem(&cf_creds, &cred);

	if (!node)
		return 0;
	cf_ends(CF_TERMINATE_PROC, node);
	cf_forget_flags(node, 0);
	bpf_map_delete_elem(&cf_creds, &cred);
	return 0;
}

/* A task may have got another security context without another program: what was prepared had the one before. */
SEC("fexit/commit_creds")
int BPF_PROG(cf_commit_creds, struct cred *new)
{
	struct cf_node *node = bpf_map_lookup_elem(&cf_creds, &new);

	if (node)
		node->secid = cf_secid(cf_address(new));
	return 0;
}

static __always_inline void change(struct cred *new, u32 relation, u64 flags)
{
	struct cf_actor actor;
	struct cf_node *process;
	struct cf_act act;

	if (!cf_concerns(NULL) || !cf_acts(&actor))
		return;
	process = cf_process(new, actor.process->process.tgid);
	if (!process)
		return;
	process->uid = new->uid.val;
	process->gid = new->gid.val;
	process->name = actor.process->name;
	/* Before anything is told of it: a rule about who it is now is about all of this. */
	cf_apply_owner(process);
	cf_use_fresh(&actor, process);
	act = cf_new_act(&actor, relation, flags);
	cf_generates(&act, actor.process, actor.task, process);
}

CF_HOOK(task_fix_setuid)
int BPF_PROG(cf_task_fix_setuid, struct cred *new, const struct cred *old, int flags, int ret)
{
	if (!ret)
		change(new, CF_SETUID, flags);
	return CF_VERDICT(ret);
}

CF_HOOK(task_fix_setgid)
int BPF_PROG(cf_task_fix_setgid, struct cred *new, const struct cred *old, int flags, int ret)
{
	if (!ret)
		change(new, CF_SETGID, flags);
	return CF_VERDICT(ret);
}

CF_HOOK(task_fix_setgroups)
int BPF_PROG(cf_task_fix_setgroups, struct cred *new, const struct cred *old, int ret)
{
	if (!ret)
		change(new, CF_SETGROUPS, 0);
	return CF_VERDICT(ret);
}
