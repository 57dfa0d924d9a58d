// SPDX-License-Identifier: GPL-2.0-only
/* Messages of SysV and POSIX queues, and shared segments of SysV. */
#include "objects.h"

char LICENSE[] SEC("license") = "GPL";

/* Internal flag of a message: it was sent, and so is known to whoever receives it. */
#define SENT (1u << 8)

/* Internal flag of a message: a copy of one that stays in its queue, and the same node. That it goes ends nothing. */
#define COPY (1u << 9)

/*
 * It is new: what is known of its address is of another, whose end was missed. A message knows its type only once it is
 * sent, and so is recorded only then; a POSIX one has its priority here.
 */
CF_HOOK_AS(msg_msg_alloc_security, security_msg_msg_alloc)
int BPF_PROG(cf_msg_msg_alloc_security, struct msg_msg *message, int ret)
{
	struct cf_actor actor;
	struct cf_node *node;
	struct cf_act act;

	cf_forget(&cf_objects, cf_address(message));
	if (ret || !cf_concerns(NULL) || !cf_acts(&actor) || !actor.state->sends_to_mqueue)
		return CF_VERDICT(ret);
	node = cf_older_object(&actor, message, CF_NODE_MSG, actor.state->priority);
	if (!node)
		return CF_VERDICT(ret);
	actor.state->message = cf_address(message);
	act = cf_new_act(&actor, CF_MSG_CREATE, 0);
	cf_generates(&act, actor.process, actor.task, node);
	return CF_VERDICT(ret);
}

CF_HOOK(msg_queue_msgsnd)
int BPF_PROG(cf_msg_queue_msgsnd, struct kern_ipc_perm *queue, struct msg_msg *message, int flags, int ret)
{
	struct cf_actor actor;
	struct cf_node *node;
	struct cf_act act;

	if (ret || !cf_concerns(NULL) || !cf_acts(&actor))
		return CF_VERDICT(ret);
	node = cf_older_object(&actor, message, CF_NODE_MSG, message->m_type);
	/* Asked again each time that a full queue is tried. */
	if (!node || __sync_fetch_and_or(&node->flags, SENT) & SENT)
		return CF_VERDICT(ret);
	node->message.kind = message->m_type;
	act = cf_new_act(&actor, CF_MSG_CREATE, 0);
	cf_generates(&act, actor.process, actor.task, node);
	act = cf_new_act(&actor, CF_SEND_MSG_QUEUE, (u32)flags);
	cf_generates(&act, actor.process, actor.task, node);
	return CF_VERDICT(ret);
}

/* No hook tells of POSIX queues. */
SEC("fentry/do_mq_timedsend")
int BPF_PROG(cf_mq_send_begins, int queue, const char *text, u64 length, unsigned int priority)
{
	struct cf_actor actor;

	if (!cf_concerns(NULL) || !cf_acts(&actor))
		return 0;
	actor.state->sends_to_mqueue = 1;
	actor.state->priority = priority;
	actor.state->message = 0;
	return 0;
}

/* A receiver that waited may have taken the message already: then that it was made is all that is recorded of it. */
SEC("fexit/do_mq_timedsend")
int BPF_PROG(cf_mq_send_ends, int queue, const char *text, u64 length, unsigned int priority, void *timeout, int result)
{
	struct cf_task *state = bpf_task_storage_get(&cf_tasks, bpf_get_current_task_btf(), 0, 0);
	struct cf_actor actor;
	struct cf_node *node;
	struct cf_act act;
	u64 message;

	if (!state || !state->sends_to_mqueue)
		return 0;
	message = state->message;
	state->sends_to_mqueue = 0;
	state->message = 0;
	node = message ? bpf_map_lookup_elem(&cf_objects, &message) : NULL;
	if (result || !node || node->step & 1 || !cf_acts(&actor))
		return 0;
	act = cf_new_act(&actor, CF_SEND_MSG_QUEUE, 0);
	cf_generates(&act, actor.process, actor.task, node);
	return 0;
}

/*
 * Who looks at a message without taking it (MSG_COPY) is given a copy, which is that message to whoever asks: it may be
 * gone itself before the copy is received. Under the lock of the queue: nothing here makes storage of tasks.
 */
SEC("fexit/copy_msg")
int BPF_PROG(cf_copy_msg, struct msg_msg *message, struct msg_msg *copy, struct msg_msg *result)
{
	struct cf_config *config = cf_get_config();
	u64 key = cf_address(copy);
	struct cf_node *node;
	struct cf_node same;

	if (!config || !config->enabled || cf_address(result) != key)
		return 0;
	node = cf_object(message);
	if (!node)
		return 0;
	same = *node;
	same.sieve = cf_number_of(key);
	same.flags |= COPY;
	if (same.flags & CF_SIEVED)
		cf_sieve_add(same.sieve);
	if (!bpf_map_update_elem(&cf_objects, &key, &same, BPF_NOEXIST))
		return 0;
	if (same.flags & CF_SIEVED)
		cf_sieve_remove(same.sieve);
	cf_count_state_failure();
	return 0;
}

/*
 * The receiver has it: of either kind of queue. It may have been sent before capture was enabled, or by whom nobody
 * records. CamFlow's msg_queue_msgrcv comes before, for SysV only.
 */
SEC("fexit/store_msg")
int BPF_PROG(cf_store_msg, void *destination, struct msg_msg *message, u64 length, int result)
{
	struct cf_actor actor;
	struct cf_node *node;
	struct cf_act act;

	if (result || !(cf_concerns(NULL) || cf_object_concerns(message)) || !cf_acts(&actor))
		return 0;
	node = cf_older_object(&actor, message, CF_NODE_MSG, message->m_type);
	if (!node)
		return 0;
	act = cf_new_act(&actor, CF_RECEIVE_MSG_QUEUE, 0);
	cf_uses(&act, node, actor.task, actor.process);
	return 0;
}

CF_HOOK_AS(msg_msg_free_security, security_msg_msg_free)
int BPF_PROG(cf_msg_msg_free_security, struct msg_msg *message)
{
	struct cf_node *node = cf_object(message);

	if (node && node->flags & COPY)
		cf_forget(&cf_objects, cf_address(message));
	else if (node)
		cf_end_object(message);
	return 0;
}

CF_HOOK_AS(shm_alloc_security, security_shm_alloc)
int BPF_PROG(cf_shm_alloc_security, struct kern_ipc_perm *segment, int ret)
{
	struct cf_actor actor;
	struct cf_node *node;
	struct cf_act act;

	cf_forget(&cf_objects, cf_address(segment));
	if (ret || !cf_concerns(NULL) || !cf_acts(&actor))
		return CF_VERDICT(ret);
	node = cf_older_object(&actor, segment, CF_NODE_SHM, segment->mode);
	if (!node)
		return CF_VERDICT(ret);
	act = cf_new_act(&actor, CF_SH_CREATE, 0);
	cf_generates(&act, actor.process, actor.task, node);
	return CF_VERDICT(ret);
}

/* The segment's memory is a file, which is what is mapped. It may be older than capture. */
CF_HOOK(shm_shmat)
int BPF_PROG(cf_shm_shmat, struct kern_ipc_perm *segment, char *address, int flags, int ret)
{
	struct shmid_kernel *whole = (struct shmid_kernel *)cf_address(segment);
	struct cf_actor actor;
	struct cf_node *node, *file;
	struct cf_act act;

	if (ret || !(cf_object_concerns(segment) || cf_file_concerns((u64)BPF_CORE_READ(whole, shm_file))) ||
	    !cf_acts(&actor))
		return CF_VERDICT(ret);
	node = cf_older_object(&actor, segment, CF_NODE_SHM, segment->mode);
	if (!node)
		return CF_VERDICT(ret);
	act = cf_new_act(&actor, CF_SH_ATTACH, (u32)flags);
	cf_generates(&act, actor.process, actor.task, node);
	file = cf_inode(BPF_CORE_READ(whole, shm_file, f_inode));
	act = cf_new_act(&actor, CF_SH_FILE, 0);
	if (file)
		cf_derives(&act, node, file, actor.task, actor.process);
	return CF_VERDICT(ret);
}

CF_HOOK_AS(shm_free_security, security_shm_free)
int BPF_PROG(cf_shm_free_security, struct kern_ipc_perm *segment)
{
	cf_end_object(segment);
	return 0;
}
