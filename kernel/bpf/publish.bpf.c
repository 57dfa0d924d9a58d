// SPDX-License-Identifier: GPL-2.0-only
/* The records of nodes. */
#include "record.h"
#include "emit.h"
#include "sieve.h"

char LICENSE[] SEC("license") = "GPL";

/* Called by nobody: the compiler describes the types of a function's parameters, and only those that something names. */
__noinline int cf_describe(struct cf_records *records, struct cf_count *count, struct cf_frame *frame)
{
	return records && count && frame;
}

struct task_sample {
	struct cf_frame frame;
	struct cf_task_record record;
};

struct process_sample {
	struct cf_frame frame;
	struct cf_process_record record;
};

struct inode_sample {
	struct cf_frame frame;
	struct cf_inode_record record;
};

struct machine_sample {
	struct cf_frame frame;
	struct cf_machine_record record;
};

struct message_sample {
	struct cf_frame frame;
	struct cf_msg_record record;
};

struct segment_sample {
	struct cf_frame frame;
	struct cf_shm_record record;
};

struct superblock_sample {
	struct cf_frame frame;
	struct cf_sb_record record;
};

/*
 * What may change while there is the task: its user and group, its namespaces and its cgroup. This and what follows
 * reads the kernel's structures directly, since the stack below is full.
 */
static __always_inline void observe_task(struct cf_node *node, struct task_struct *task)
{
	struct nsproxy *nsproxy = task->nsproxy;

	node->uid = task->real_cred->uid.val;
	node->gid = task->real_cred->gid.val;
	node->task.cgroup = task->cgroups->dfl_cgrp->kn->id;
	/* A task that is ending has none any more. */
	if (!nsproxy)
		return;
	node->task.utsns = nsproxy->uts_ns->ns.inum;
	node->task.ipcns = nsproxy->ipc_ns->ns.inum;
	node->task.mntns = nsproxy->mnt_ns->ns.inum;
	node->task.netns = nsproxy->net_ns->ns.inum;
	node->task.cgroupns = nsproxy->cgroup_ns->ns.inum;
}

/* Pages in memory: of files, of the task's own and of shared memory. `place` is for one of them at a time. */
static __always_inline s64 resident_pages(struct mm_struct *mm, s64 *place)
{
	struct mm_struct___before_6_2 *older = (void *)mm;
	s64 pages;

	if (bpf_core_field_exists(older->rss_stat.count)) {
		bpf_core_read(place, sizeof(*place), &older->rss_stat.count[0]);
		pages = *place;
		bpf_core_read(place, sizeof(*place), &older->rss_stat.count[1]);
		pages += *place;
		bpf_core_read(place, sizeof(*place), &older->rss_stat.count[3]);
		pages += *place;
	} else {
		pages = mm->rss_stat[0].count + mm->rss_stat[1].count + mm->rss_stat[3].count;
	}
	/* Each CPU holds back a few: the sum may be off by as many. */
	return pages < 0 ? 0 : pages;
}

/* The kernel raises the high-water marks late: what is there now counts as well. */
static __always_inline void fill_memory(struct cf_task_record *record, struct mm_struct *mm)
{
	record->vm = mm->total_vm * 4;
	record->rss = resident_pages(mm, (s64 *)&record->hw_rss) * 4;
	record->hw_vm = mm->hiwater_vm * 4;
	record->hw_rss = mm->hiwater_rss * 4;
	if (record->hw_vm < record->vm)
		record->hw_vm = record->vm;
	if (record->hw_rss < record->rss)
		record->hw_rss = record->rss;
}

static __always_inline int publish_task(struct cf_config *config, struct cf_node *node, u32 version)
{
	struct task_struct *current = bpf_get_current_task_btf();
	/* By what it is: its number may be another's, once it has executed from a thread that was not the first. */
	bool is_current = cf_address_number(current, config) == node->sieve;
	struct cf_task_record *record;
	struct task_sample *sample;

	if (is_current)
		observe_task(node, current);
	sample = cf_reserve(sizeof(*sample));
	if (!sample)
		return 0;
	record = &sample->record;
	__builtin_memset(record, 0, sizeof(*record));
	cf_fill_node(&record->node, config, node, version);
	record->pid = node->task.pid;
	record->vpid = node->task.vpid;
	if (is_current) {
		record->utime = current->utime / 1000;
		record->stime = current->stime / 1000;
		record->rbytes = current->ioac.read_bytes;
		record->wbytes = current->ioac.write_bytes;
		record->cancel_wbytes = current->ioac.cancelled_write_bytes;
		if (current->mm)
			fill_memory(record, current->mm);
	}
	record->utsns = node->task.utsns;
	record->ipcns = node->task.ipcns;
	record->mntns = node->task.mntns;
	record->pidns = node->task.pidns;
	record->netns = node->task.netns;
	record->cgroupns = node->task.cgroupns;
	record->cgroup = node->task.cgroup;
	bpf_ringbuf_submit(sample, 0);
	return 1;
}

static __always_inline int publish_process(struct cf_config *config, struct cf_node *node, u32 version)
{
	struct process_sample *sample = cf_reserve(sizeof(*sample));

	if (!sample)
		return 0;
	cf_fill_node(&sample->record.node, config, node, version);
	sample->record.tgid = node->process.tgid;
	sample->record.zero = 0;
	bpf_ringbuf_submit(sample, 0);
	return 1;
}

static __always_inline int publish_inode(struct cf_config *config, struct cf_node *node, u32 version)
{
	struct inode_sample *sample = cf_reserve(sizeof(*sample));

	if (!sample)
		return 0;
	__builtin_memset(&sample->record, 0, sizeof(sample->record));
	cf_fill_node(&sample->record.node, config, node, version);
	sample->record.ino = node->inode.ino;
	sample->record.mode = node->inode.mode;
	__builtin_memcpy(sample->record.sb_uuid, node->inode.uuid, sizeof(node->inode.uuid));
	bpf_ringbuf_submit(sample, 0);
	return 1;
}

static __always_inline int publish_machine(struct cf_config *config, struct cf_node *node, u32 version)
{
	u32 zero = 0;
	struct cf_machine *machine = bpf_map_lookup_elem(&cf_machine, &zero);
	struct machine_sample *sample;

	if (!machine)
		return 0;
	sample = cf_reserve(sizeof(*sample));
	if (!sample)
		return 0;
	cf_fill_node(&sample->record.node, config, node, version);
	bpf_probe_read_kernel(&sample->record.text, sizeof(sample->record.text), &machine->text);
	bpf_ringbuf_submit(sample, 0);
	return 1;
}

static __always_inline int publish_message(struct cf_config *config, struct cf_node *node, u32 version)
{
	struct message_sample *sample = cf_reserve(sizeof(*sample));

	if (!sample)
		return 0;
	cf_fill_node(&sample->record.node, config, node, version);
	sample->record.type = node->message.kind;
	bpf_ringbuf_submit(sample, 0);
	return 1;
}

static __always_inline int publish_segment(struct cf_config *config, struct cf_node *node, u32 version)
{
	struct segment_sample *sample = cf_reserve(sizeof(*sample));

	if (!sample)
		return 0;
	__builtin_memset(&sample->record, 0, sizeof(sample->record));
	cf_fill_node(&sample->record.node, config, node, version);
	sample->record.mode = node->segment.mode;
	bpf_ringbuf_submit(sample, 0);
	return 1;
}

static __always_inline int publish_superblock(struct cf_config *config, struct cf_node *node, u32 version)
{
	struct superblock_sample *sample = cf_reserve(sizeof(*sample));

	if (!sample)
		return 0;
	cf_fill_node(&sample->record.node, config, node, version);
	__builtin_memcpy(sample->record.uuid, node->inode.uuid, sizeof(node->inode.uuid));
	bpf_ringbuf_submit(sample, 0);
	return 1;
}

__noinline int cf_publish(struct cf_node *node, u32 version)
{
	struct cf_config *config = cf_get_config();
	u64 published;
	int written = 1;

	if (!config || !node)
		return 0;
	published = cf_published(config, version);
	if (__sync_lock_test_and_set(&node->published, published) == published && !(config->modes & CF_DUPLICATE))
		return 1;
	if (cf_keeps_back(config, node->type))
		return 1;
	switch (node->type) {
	case CF_NODE_TASK:
		written = publish_task(config, node, version);
		break;
	case CF_NODE_PROCESS:
		written = publish_process(config, node, version);
		break;
	case CF_NODE_MACHINE:
		written = publish_machine(config, node, version);
		break;
	case CF_NODE_MSG:
		written = publish_message(config, node, version);
		break;
	case CF_NODE_SHM:
		written = publish_segment(config, node, version);
		break;
	case CF_NODE_SB:
		written = publish_superblock(config, node, version);
		break;
	case CF_NODE_INODE:
	case CF_NODE_LINK:
	case CF_NODE_FILE:
	case CF_NODE_DIRECTORY:
	case CF_NODE_CHAR:
	case CF_NODE_BLOCK:
	case CF_NODE_PIPE:
	case CF_NODE_SOCKET:
		written = publish_inode(config, node, version);
		break;
	}
	if (!written)
		node->published = 0;
	return written;
}

struct text_sample {
	struct cf_frame frame;
	struct cf_text_record record;
};

/* `room`, a constant, is at least `length`. Only as much as is used counts as the sample's size. */
static __always_inline int publish_text(struct cf_config *config, struct cf_node *node, u64 text, u32 length,
					u32 cut, const u32 room)
{
	struct text_sample *sample = cf_reserve(sizeof(*sample) + room + 8);
	char *stored = (char *)(sample + 1);

	if (!sample)
		return 0;
	cf_fill_node(&sample->record.node, config, node, 0);
	__builtin_memset(&sample->record.text, 0, sizeof(sample->record.text));
	sample->record.text.length = length;
	sample->record.text.stored = length;
	sample->record.text.truncated = cut;
	sample->frame.size = (sizeof(*sample) + length + 7) & ~7u;
	*(u64 *)(stored + (length & ~7u)) = 0;
	bpf_probe_read_kernel(stored, length, (void *)text);
	bpf_ringbuf_submit(sample, 0);
	return 1;
}

__noinline int cf_publish_text(struct cf_node *node, u64 text, u32 length, u32 cut)
{
	struct cf_config *config = cf_get_config();
	struct cf_stats *stats = cf_get_stats();
	int written = 0;

	if (!config || !stats || !node)
		return 0;
	if (cut)
		__sync_fetch_and_add(&stats->truncated, 1);
	if (length <= 32)
		written = publish_text(config, node, text, length, cut, 32);
	else if (length <= 128)
		written = publish_text(config, node, text, length, cut, 128);
	else if (length <= 512)
		written = publish_text(config, node, text, length, cut, 512);
	else if (length <= CF_PATH_LIMIT)
		written = publish_text(config, node, text, length, cut, CF_PATH_LIMIT);
	if (!written)
		node->published = 0;
	return written;
}
