// SPDX-License-Identifier: GPL-2.0-only
/* What was there before capture was enabled: every task, and every file that one has open. */
#include "state.h"

char LICENSE[] SEC("license") = "GPL";

/* A task as if it acted, if it is to be recorded at all. */
static __always_inline bool observe(struct cf_actor *actor, struct task_struct *task)
{
	struct cf_config *config = cf_get_config();

	if (!config || !config->enabled || task->tgid == config->recorder)
		return false;
	actor->state = cf_task(task);
	if (!actor->state || actor->state->hidden)
		return false;
	actor->task = &actor->state->node;
	/* It may have executed while capture was not enabled. */
	cf_renumber(actor->state, task);
	actor->process = cf_process(task->real_cred, task->tgid);
	if (actor->process && config->policies & ~CF_ANY_ADDRESS)
		cf_apply_identity(actor->process);
	return actor->process && cf_wants(actor, actor->process);
}

SEC("iter/task")
int cf_iter_tasks(struct bpf_iter__task *context)
{
	struct task_struct *task = context->task;
	struct cf_config *config = cf_get_config();
	struct cf_actor actor;

	if (!task || !config || !observe(&actor, task))
		return 0;
	if (actor.process->named_epoch != config->epoch)
		cf_name_program(actor.process, task, 0);
	cf_shows(actor.task, actor.process);
	cf_publish(actor.process, actor.process->step >> 1);
	cf_publish(actor.task, actor.task->step >> 1);
	return 0;
}

SEC("iter/task_file")
int cf_iter_files(struct bpf_iter__task_file *context)
{
	struct task_struct *task = context->task;
	struct file *file = context->file;
	struct cf_actor actor;
	struct cf_node *node;

	if (!task || !file || !observe(&actor, task))
		return 0;
	node = cf_file_inode(&actor, file);
	if (node)
		cf_publish(node, node->step >> 1);
	return 0;
}
