// SPDX-License-Identifier: GPL-2.0-only
/* What user space asks of one file or process, and tells about it: struct cf_request. */
#include "state.h"

char LICENSE[] SEC("license") = "GPL";

static __always_inline struct cf_request *get_request(void)
{
	u32 zero = 0;

	return bpf_map_lookup_elem(&cf_request, &zero);
}

/* Whatever is said while a recording of one's own runs is not said for it. */
static __always_inline u32 held(u32 flags)
{
	struct cf_config *config = cf_get_config();

	return config && config->modes & CF_OWN && flags & (CF_TRACKED | CF_PROPAGATE) ? flags | CF_HELD : flags;
}

static __always_inline void change(struct cf_request *request, struct cf_node *node)
{
	if (!request->change)
		return;
	if (request->clear)
		cf_unflag(node, held(request->clear));
	cf_flag(node, held(request->set), request->taint);
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
	if (ids && request->change) {
		__sync_fetch_and_add(&ids->said, 1);
		if (request->set & CF_TRACKED)
			cf_change_mapped();
	}
	request->found = 1;
}

/* Before a recording of one's own (hold) and after it: what the flags of a thing are then. */
static __always_inline u32 swept(u32 flags, bool hold)
{
	if (hold)
		return flags & (CF_TRACKED | CF_PROPAGATE) ? flags | CF_HELD : flags;
	return flags & CF_HELD ? flags & ~CF_HELD : flags & ~(CF_TRACKED | CF_PROPAGATE);
}

static __always_inline void sweep(struct cf_node *node, bool hold)
{
	u32 flags = node->flags, after = swept(flags, hold);

	if (flags & ~after)
		cf_unflag(node, flags & ~after);
	if (after & ~flags)
		cf_flag(node, after & ~flags, 0);
}

/* Of files cf_files has what is said, and their nodes hear of it. */
static long sweep_node(void *map, u64 *key, struct cf_node *node, bool *hold)
{
	if (!cf_is_kept(node))
		sweep(node, *hold);
	return 0;
}

/* Senders as they were when they sent: nobody looks for them in the sieve. */
static long sweep_sender(void *map, struct cf_end *key, struct cf_node *node, bool *hold)
{
	node->flags = swept(node->flags, *hold);
	return 0;
}

static long sweep_file(void *map, struct cf_file_key *key, struct cf_file *file, bool *hold)
{
	u64 number = cf_inode_number(key->device, key->ino);

	file->flags = swept(file->flags, *hold);
	if (!file->flags && !file->taint && !bpf_map_delete_elem(map, key))
		cf_sieve_remove(number);
	return 0;
}

static __always_inline void sweep_maps(struct cf_request *request)
{
	struct cf_ids *ids = cf_get_ids();
	bool hold = request->kind == CF_REQUEST_HOLD;

	bpf_for_each_map_elem(&cf_creds, sweep_node, &hold, 0);
	bpf_for_each_map_elem(&cf_inodes, sweep_node, &hold, 0);
	bpf_for_each_map_elem(&cf_objects, sweep_node, &hold, 0);
	bpf_for_each_map_elem(&cf_sent, sweep_sender, &hold, 0);
	bpf_for_each_map_elem(&cf_files, sweep_file, &hold, 0);
	if (ids)
		__sync_fetch_and_add(&ids->said, 1);
	request->found = 1;
}

static long pass_sender(void *map, struct cf_end *key, struct cf_node *node, void *context)
{
	return 0;
}

/* Returns how many ends have a sender now. */
SEC("syscall")
int cf_ask_senders(void *context)
{
	return bpf_for_each_map_elem(&cf_sent, pass_sender, NULL, 0);
}

/* In the process that asks: its descriptor is open for as long as this takes. */
SEC("syscall")
int cf_ask_file(void *context)
{
	struct cf_request *request = get_request();
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
	if (request->kind == CF_REQUEST_HOLD || request->kind == CF_REQUEST_DROP) {
		sweep_maps(request);
		return 0;
	}
	if (request->kind != CF_REQUEST_FD || request->target >= BPF_CORE_READ(current, files, fdt, max_fds))
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
	struct cf_request *request = get_request();
	struct task_struct *task = context->task;
	struct cf_node *process;
	struct cf_task *state;

	if (!request || !task)
		return 0;
	if (request->kind == CF_REQUEST_HOLD || request->kind == CF_REQUEST_DROP) {
		state = bpf_task_storage_get(&cf_tasks, task, 0, 0);
		if (state)
			sweep(&state->node, request->kind == CF_REQUEST_HOLD);
		return 0;
	}
	if (request->kind != CF_REQUEST_PROCESS || task->tgid != request->target)
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
