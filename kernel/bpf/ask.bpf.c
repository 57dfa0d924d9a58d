// SPDX-License-Identifier: GPL-2.0-only
/* What user space asks of one file or process, and tells about it: struct cf_request. */
#include "state.h"

char LICENSE[] SEC("license") = "GPL";

static __always_inline struct cf_request *get_request(u32 kind)
{
	u32 zero = 0;
	struct cf_request *request = bpf_map_lookup_elem(&cf_request, &zero);

	return request && (request->kind == kind || (kind == CF_REQUEST_FD && request->kind == CF_REQUEST_KEY)) ?
		       request : NULL;
}

static __always_inline void change(struct cf_request *request, struct cf_node *node)
{
	if (!request->change)
		return;
	if (request->clear)
		cf_unflag(node, request->clear);
	cf_flag(node, request->set, request->taint);
}

/* Only a node for a moment: the file it stands for need not be in memory. */
static __always_inline void ask_key(struct cf_request *request)
{
	struct cf_node *node = &request->node;
	struct cf_ids *ids = cf_get_ids();

	__builtin_memset(node, 0, sizeof(*node));
	node->type = CF_NODE_FILE;
	node->inode.ino = request->key.ino;
	node->inode.device = request->key.device;
	node->inode.generation = request->key.generation;
	__builtin_memcpy(node->inode.uuid, request->uuid, sizeof(node->inode.uuid));
	node->sieve = cf_inode_number(request->key.device, request->key.ino);
	change(request, node);
	/* If it is in memory all the same, its own node will hear of it. */
	if (ids && request->change)
		__sync_fetch_and_add(&ids->said, 1);
	request->found = 1;
}

/* In the process that asks: its descriptor is open for as long as this takes. */
SEC("syscall")
int cf_ask_file(void *context)
{
	struct cf_request *request = get_request(CF_REQUEST_FD);
	struct task_struct *current = bpf_get_current_task_btf();
	struct inode *inode;
	struct cf_node *node;
	struct file **files;
	struct file *file = NULL;

	if (!request)
		return 0;
	if (request->kind == CF_REQUEST_KEY) {
		ask_key(request);
		return 0;
	}
	if (request->target >= BPF_CORE_READ(current, files, fdt, max_fds))
		return 0;
	files = BPF_CORE_READ(current, files, fdt, fd);
	bpf_probe_read_kernel(&file, sizeof(file), files + request->target);
	inode = BPF_CORE_READ(file, f_inode);
	if (!inode)
		return 0;
	node = cf_inode(inode);
	if (!node)
		return 0;
	change(request, node);
	request->key.ino = node->inode.ino;
	request->key.device = node->inode.device;
	request->key.generation = node->inode.generation;
	bpf_probe_read_kernel(&request->node, sizeof(request->node), node);
	request->found = 1;
	return 0;
}

SEC("iter/task")
int cf_ask_process(struct bpf_iter__task *context)
{
	struct cf_request *request = get_request(CF_REQUEST_PROCESS);
	struct task_struct *task = context->task;
	struct cf_node *process;
	struct cf_task *state;

	if (!request || !task || task->tgid != request->target)
		return 0;
	state = cf_task(task);
	process = cf_process(task->real_cred, task->tgid);
	if (!state || !process)
		return 0;
	change(request, &state->node);
	change(request, process);
	if (task->pid == task->tgid)
		bpf_probe_read_kernel(&request->node, sizeof(request->node), process);
	request->found++;
	return 0;
}
