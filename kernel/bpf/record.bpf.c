// SPDX-License-Identifier: GPL-2.0-only
/*
 * Relations between versions of nodes.
 *
 * A relation takes the version of its source first and marks it as left, in one atomic step; then the version of
 * its destination, which is a new one if the current one was left. So whatever goes into a version does so before
 * anything leaves it, on every CPU, and the graph has no cycles.
 */
#define CF_DEFINE_MAPS
#include "record.h"
#include "emit.h"

char LICENSE[] SEC("license") = "GPL";

enum outcome { WRITTEN, COMPRESSED, FILTERED, UNSELECTED, LOST };

static __always_inline void count(u32 relation, enum outcome outcome)
{
	struct cf_count *counts = bpf_map_lookup_elem(&cf_counts, &relation);

	if (!counts)
		return;
	__sync_fetch_and_add(&counts->offered, 1);
	switch (outcome) {
	case WRITTEN:
		__sync_fetch_and_add(&counts->written, 1);
		break;
	case COMPRESSED:
		__sync_fetch_and_add(&counts->compressed, 1);
		break;
	case FILTERED:
		__sync_fetch_and_add(&counts->filtered, 1);
		break;
	case UNSELECTED:
		__sync_fetch_and_add(&counts->unselected, 1);
		break;
	case LOST:
		__sync_fetch_and_add(&counts->lost, 1);
		break;
	}
}

static __always_inline u64 class_filter(const struct cf_config *config, u32 relation)
{
	switch (CF_RELATION_CLASS(relation)) {
	case CF_DERIVED:
		return config->derived_filter;
	case CF_GENERATED:
		return config->generated_filter;
	case CF_USED:
		return config->used_filter;
	case CF_INFORMED:
		return config->informed_filter;
	default:
		return 0;
	}
}

static __always_inline u64 propagation_filter(const struct cf_config *config, u32 relation)
{
	switch (CF_RELATION_CLASS(relation)) {
	case CF_DERIVED:
		return config->propagate_derived_filter;
	case CF_GENERATED:
		return config->propagate_generated_filter;
	case CF_USED:
		return config->propagate_used_filter;
	case CF_INFORMED:
		return config->propagate_informed_filter;
	default:
		return 0;
	}
}

static __always_inline bool is_filtered(const struct cf_config *config, u32 relation, u64 from, u64 to)
{
	u64 relations = class_filter(config, relation) & CF_SUBTYPE_MASK;
	u64 nodes = config->node_filter & CF_SUBTYPE_MASK;

	return relations & 1ULL << CF_RELATION_BIT(relation) || nodes & (from | to);
}

static __always_inline bool is_selected(const struct cf_config *config, u32 flags)
{
	return !(flags & CF_OPAQUE) && (config->modes & CF_ALL || flags & CF_TRACKED);
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

struct relation_sample {
	struct cf_frame frame;
	struct cf_relation_record record;
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
	bool is_current = current->pid == node->task.pid;
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

/* Writes one relation between two versions, and their nodes before it if this epoch has not seen them. */
__noinline int cf_write(struct cf_act *act, struct cf_node *from, u32 from_version, struct cf_node *to,
			u32 to_version)
{
	struct cf_config *config = cf_get_config();
	struct relation_sample *sample = NULL;
	struct cf_relation_record *record;
	struct cf_ids *ids;
	u32 zero = 0;

	ids = bpf_map_lookup_elem(&cf_ids, &zero);
	if (!config || !ids || !act || !from || !to)
		return 0;
	if (cf_publish(from, from_version) && cf_publish(to, to_version))
		sample = cf_reserve(sizeof(*sample));
	if (!sample) {
		count(act->relation, LOST);
		return 0;
	}
	record = &sample->record;
	__builtin_memset(record, 0, sizeof(*record));
	cf_fill_identifier(&record->header.identifier, config, cf_relation_code(act->relation),
			   __sync_fetch_and_add(&ids->relation, 1) + 1, 0);
	record->header.epoch = config->epoch;
	record->header.jiffies = bpf_jiffies64();
	cf_identify(&record->snd, config, from, from_version);
	cf_identify(&record->rcv, config, to, to_version);
	record->set = act->has_offset;
	record->offset = act->offset;
	record->flags = act->flags;
	record->task_id = act->task_id;
	bpf_ringbuf_submit(sample, 0);
	count(act->relation, WRITTEN);
	return 1;
}

/* The version of a node that a relation may go into: a new one if the current one was left. */
__noinline int cf_enter(struct cf_act *act, struct cf_node *to)
{
	struct cf_config *config = cf_get_config();
	struct cf_stats *stats = cf_get_stats();
	u64 step;

	if (!config || !stats || !act || !to)
		return 0;
	step = *(volatile u64 *)&to->step;
	if (config->modes & CF_KEEP_VERSIONS)
		return step >> 1;
	for (int i = 0; i < 8; i++) {
		u64 next = (step | 1) + 1;
		u64 seen;

		if (!(step & 1) && !(config->modes & CF_KEEP_NODES))
			return step >> 1;
		seen = __sync_val_compare_and_swap(&to->step, step, next);
		if (seen == step) {
			struct cf_act version = {
				.relation = to->type == CF_NODE_TASK ? CF_VERSION_ACTIVITY : CF_VERSION_ENTITY,
				.task_id = act->task_id,
			};

			cf_write(&version, to, step >> 1, to, next >> 1);
			return next >> 1;
		}
		step = seen;
	}
	__sync_fetch_and_add(&stats->contended, 1);
	return step >> 1;
}

/* What a relation is remembered by in its destination: source (36 bits), version (19), relation (9). */
static __always_inline u64 compression_key(u64 id, u64 version, u32 relation)
{
	return id << 28 | (version & 0x7ffff) << 9 | relation;
}

static __always_inline void propagate(struct cf_config *config, u32 relation, struct cf_node *from,
				      struct cf_node *to)
{
	const u32 both = CF_TRACKED | CF_PROPAGATE;

	if ((from->flags & both) != both || to->flags & CF_OPAQUE)
		return;
	if (propagation_filter(config, relation) & CF_SUBTYPE_MASK & 1ULL << CF_RELATION_BIT(relation))
		return;
	if (config->propagate_node_filter & CF_SUBTYPE_MASK & to->type)
		return;
	if ((to->flags & both) != both)
		__sync_fetch_and_or(&to->flags, both);
	if (from->taint & ~to->taint)
		__sync_fetch_and_or(&to->taint, from->taint);
}

__noinline int cf_relate(struct cf_act *act, struct cf_node *from, struct cf_node *to)
{
	struct cf_config *config = cf_get_config();
	u32 from_version, to_version;
	u64 key;

	if (!config || !act || !from || !to)
		return 0;
	if (is_filtered(config, act->relation, from->type, to->type)) {
		count(act->relation, FILTERED);
		return 1;
	}
	from_version = __sync_fetch_and_or(&from->step, 1) >> 1;
	if (act->relation == CF_NAMED) {
		to_version = *(volatile u64 *)&to->step >> 1;
		if (!cf_write(act, from, from_version, to, to_version))
			return 0;
	} else {
		key = compression_key(from->id, from_version, act->relation);
		if (__sync_lock_test_and_set(&to->previous, key) == key && !(config->modes & CF_KEEP_EDGES)) {
			count(act->relation, COMPRESSED);
			return 1;
		}
		to_version = cf_enter(act, to);
		if (!cf_write(act, from, from_version, to, to_version)) {
			to->previous = 0;
			return 0;
		}
	}
	propagate(config, act->relation, from, to);
	return 1;
}

static __always_inline void relate_to_machine(struct cf_config *config, struct cf_node *task)
{
	u32 zero = 0;
	struct cf_machine *machine = bpf_map_lookup_elem(&cf_machine, &zero);
	struct cf_act act = { .relation = CF_RAN_ON, .task_id = task->id };

	if (!machine || !machine->node.id || task->machine_epoch == config->epoch)
		return;
	task->machine_epoch = config->epoch;
	if (!cf_relate(&act, &machine->node, task))
		task->machine_epoch = 0;
}

/* Whether the main relation of a sequence is recorded. If not, none of the sequence is. */
static __always_inline bool admits(struct cf_config *config, u32 relation, u32 flags, u64 from, u64 to)
{
	if (!config->enabled)
		return false;
	if (!is_selected(config, flags)) {
		count(relation, UNSELECTED);
		return false;
	}
	if (is_filtered(config, relation, from, to)) {
		count(relation, FILTERED);
		return false;
	}
	return true;
}

__noinline int cf_reads(struct cf_act *act, struct cf_node *entity, struct cf_node *task)
{
	struct cf_config *config = cf_get_config();

	if (!config || !act || !entity || !task)
		return 0;
	if (!admits(config, act->relation, entity->flags | task->flags, entity->type, task->type))
		return 0;
	relate_to_machine(config, task);
	return cf_relate(act, entity, task);
}

__noinline int cf_record_use(struct cf_act *act, struct cf_node *entity, struct cf_node *task, struct cf_node *process)
{
	struct cf_config *config = cf_get_config();
	struct cf_act into_memory = { .relation = CF_MEMORY_WRITE };

	if (!config || !act || !entity || !task || !process)
		return 0;
	if (!admits(config, act->relation, entity->flags | task->flags | process->flags, entity->type, task->type))
		return 0;
	relate_to_machine(config, task);
	cf_relate(act, entity, task);
	into_memory.task_id = act->task_id;
	cf_relate(&into_memory, task, process);
	return 1;
}

__noinline int cf_record_generation(struct cf_act *act, struct cf_node *process, struct cf_node *task,
				    struct cf_node *entity)
{
	struct cf_config *config = cf_get_config();
	struct cf_act from_memory = { .relation = CF_MEMORY_READ };

	if (!config || !act || !entity || !task || !process)
		return 0;
	if (process->flags & ~task->flags & CF_TRACKED)
		__sync_fetch_and_or(&task->flags, CF_TRACKED);
	if (!admits(config, act->relation, entity->flags | task->flags | process->flags, task->type, entity->type))
		return 0;
	relate_to_machine(config, task);
	from_memory.task_id = act->task_id;
	cf_relate(&from_memory, process, task);
	return cf_relate(act, task, entity);
}

__noinline int cf_derives(struct cf_act *act, struct cf_node *from, struct cf_node *to, struct cf_node *task)
{
	struct cf_config *config = cf_get_config();
	u32 flags;

	if (!config || !act || !from || !to)
		return 0;
	flags = from->flags | to->flags;
	if (task)
		flags |= task->flags;
	if (!admits(config, act->relation, flags, from->type, to->type))
		return 0;
	return cf_relate(act, from, to);
}

__noinline int cf_informs(struct cf_act *act, struct cf_node *from, struct cf_node *to)
{
	struct cf_config *config = cf_get_config();

	if (!config || !act || !from || !to)
		return 0;
	if (!admits(config, act->relation, from->flags | to->flags, from->type, to->type))
		return 0;
	relate_to_machine(config, from);
	if (to->type == CF_NODE_TASK)
		relate_to_machine(config, to);
	return cf_relate(act, from, to);
}

__noinline int cf_ends(u32 relation, struct cf_node *node)
{
	struct cf_config *config = cf_get_config();
	struct cf_act act = { .relation = relation };
	u64 step;

	if (!config || !config->enabled || !node || !node->published || node->flags & CF_OPAQUE)
		return 0;
	if (is_filtered(config, relation, node->type, node->type)) {
		count(relation, FILTERED);
		return 0;
	}
	step = node->step;
	if (!(config->modes & CF_KEEP_VERSIONS))
		node->step = (step | 1) + 1;
	return cf_write(&act, node, step >> 1, node, node->step >> 1);
}

__noinline int cf_admits(struct cf_act *act, struct cf_node *process, struct cf_node *task, struct cf_node *entity)
{
	struct cf_config *config = cf_get_config();

	return config && config->enabled && act && process && task && entity &&
	       is_selected(config, entity->flags | task->flags | process->flags) &&
	       !is_filtered(config, act->relation, task->type, entity->type);
}

__noinline int cf_selects(struct cf_node *entity, struct cf_node *task)
{
	struct cf_config *config = cf_get_config();

	return config && config->enabled && entity && task && is_selected(config, entity->flags | task->flags);
}

struct text_sample {
	struct cf_frame frame;
	struct cf_text_record record;
};

/* `room`, a constant, is at least `length`. Only as much as is used counts as the sample's size. */
static __always_inline int publish_text(struct cf_config *config, struct cf_node *node, u64 text, u32 length,
					const u32 room)
{
	struct text_sample *sample = cf_reserve(sizeof(*sample) + room + 8);
	char *stored = (char *)(sample + 1);

	if (!sample)
		return 0;
	cf_fill_node(&sample->record.node, config, node, 0);
	__builtin_memset(&sample->record.text, 0, sizeof(sample->record.text));
	sample->record.text.length = length;
	sample->record.text.stored = length;
	sample->frame.size = (sizeof(*sample) + length + 7) & ~7u;
	*(u64 *)(stored + (length & ~7u)) = 0;
	bpf_probe_read_kernel(stored, length, (void *)text);
	bpf_ringbuf_submit(sample, 0);
	return 1;
}

__noinline int cf_publish_text(struct cf_node *node, u64 text, u32 length)
{
	struct cf_config *config = cf_get_config();

	if (!config || !node)
		return 0;
	if (length <= 32)
		return publish_text(config, node, text, length, 32);
	if (length <= 128)
		return publish_text(config, node, text, length, 128);
	if (length <= 512)
		return publish_text(config, node, text, length, 512);
	if (length <= CF_PATH_LIMIT)
		return publish_text(config, node, text, length, CF_PATH_LIMIT);
	return 0;
}
