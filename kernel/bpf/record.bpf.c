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
#include "flag.h"

char LICENSE[] SEC("license") = "GPL";

enum outcome { WRITTEN, COMPRESSED, FILTERED, UNSELECTED, LOST, SHED };

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
	case SHED:
		__sync_fetch_and_add(&counts->shed, 1);
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
	case CF_INFLUENCED:
		return config->influenced_filter;
	case CF_ASSOCIATED:
		return config->associated_filter;
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

/* Whether a relation is switched off under load; counts it then. What is lost by this is not its effect on flags. */
static __always_inline bool is_shed(const struct cf_config *config, u32 relation)
{
	u64 relations = config->shed_relations[CF_RELATION_CLASS(relation) & 7];
	struct cf_stats *stats;

	if (!(relations & 1ULL << CF_RELATION_BIT(relation)) || !config->recorder)
		return false;
	stats = cf_get_stats();
	if (stats)
		__sync_fetch_and_add(&stats->shed, 1);
	count(relation, SHED);
	return true;
}

static __always_inline bool is_selected(const struct cf_config *config, u32 flags)
{
	return !(flags & CF_OPAQUE) && (config->modes & CF_ALL || flags & CF_TRACKED);
}

/* Whether the policy of the recorder leaves a relation out. Its ends have versions and records all the same. */
static __always_inline bool is_left_out(const struct cf_config *config, u32 relation, u64 from, u64 to)
{
	struct cf_left_out *ends;

	if (!config->leaves_relations || !config->recorder)
		return false;
	ends = bpf_map_lookup_elem(&cf_left_out, &relation);
	return ends && CF_SUBTYPE_MASK & ((ends->from & from) | (ends->to & to));
}

struct relation_sample {
	struct cf_frame frame;
	struct cf_relation_record record;
};

/* One that exists only in its record was written by who made it, or never will be. */
static __always_inline bool found_no_room(const struct cf_node *node)
{
	return !node->published && !(node->type & CF_LASTING_NODES);
}

static __always_inline u64 new_relation_id(void)
{
	struct cf_ids *ids = cf_get_ids();

	return ids ? __sync_fetch_and_add(&ids->relation, 1) + 1 : 0;
}

static __always_inline u32 version_relation(const struct cf_node *node)
{
	return node->type == CF_NODE_TASK ? CF_VERSION_ACTIVITY : CF_VERSION_ENTITY;
}

/*
 * Writes one relation between two versions, and their nodes before it if this epoch has not seen them. Without `to` it
 * is that from a version to the next: made here, as there is no room for a second act on the stacks above.
 */
__noinline int cf_write(struct cf_act *act, struct cf_node *from, u32 from_version, struct cf_node *to,
			u32 to_version)
{
	struct cf_relation_record *record;
	struct relation_sample *sample;
	struct cf_config *config;
	u32 relation;

	if (!act || !from)
		return 0;
	relation = act->relation;
	if (!to) {
		relation = version_relation(from);
		to = from;
		to_version = from_version + 1;
	}
	if (found_no_room(from) || found_no_room(to) || !cf_publish(from, from_version) || !cf_publish(to, to_version))
		goto lost;
	config = cf_get_config();
	if (!config)
		goto lost;
	if (is_left_out(config, relation, from->type, to->type)) {
		count(relation, FILTERED);
		return 1;
	}
	sample = cf_reserve(sizeof(*sample));
	if (!sample)
		goto lost;
	record = &sample->record;
	__builtin_memset(record, 0, sizeof(*record));
	cf_fill_identifier(&record->header.identifier, config, cf_relation_code(relation), new_relation_id(), 0);
	record->header.epoch = config->epoch;
	record->header.jiffies = bpf_jiffies64();
	cf_identify(&record->snd, config, from, from_version);
	cf_identify(&record->rcv, config, to, to_version);
	if (relation == act->relation) {
		record->set = act->has_offset;
		record->offset = act->offset;
		record->flags = act->flags;
	}
	record->task_id = act->task_id;
	bpf_ringbuf_submit(sample, 0);
	count(relation, WRITTEN);
	return 1;
lost:
	count(relation, LOST);
	return 0;
}

/*
 * The version of a node that a relation may go into: a new one if the current one was left. One that exists only in its
 * record has no other version.
 */
static __always_inline u32 enter(struct cf_config *config, struct cf_act *act, struct cf_node *to)
{
	struct cf_stats *stats;
	u64 step = *(volatile u64 *)&to->step;

	if (config->modes & CF_KEEP_VERSIONS || !(to->type & CF_LASTING_NODES))
		return step >> 1;
	for (int i = 0; i < 8; i++) {
		u64 next = (step | 1) + 1;
		u64 seen;

		if (!(step & 1) && !(config->modes & CF_KEEP_NODES))
			return step >> 1;
		seen = __sync_val_compare_and_swap(&to->step, step, next);
		if (seen == step) {
			if (!is_shed(config, version_relation(to)))
				cf_write(act, to, step >> 1, NULL, 0);
			return next >> 1;
		}
		step = seen;
	}
	stats = cf_get_stats();
	if (stats)
		__sync_fetch_and_add(&stats->contended, 1);
	return step >> 1;
}

static __always_inline void propagate(struct cf_config *config, u32 relation, struct cf_node *from,
				      struct cf_node *to)
{
	const u32 both = CF_TRACKED | CF_PROPAGATE;
	u32 passed = from->flags & CF_TRACKING;

	if ((passed & both) != both || to->flags & CF_OPAQUE)
		return;
	if (!cf_carries(config, relation, to->type))
		return;
	if (passed & ~to->flags || from->taint & ~to->taint)
		cf_flag(to, passed, from->taint);
}

/* Whether a relation between these is written by itself: neither filtered nor shed, else counted here as that. */
static __always_inline bool passes(struct cf_config *config, u32 relation, u64 from, u64 to, bool *lasts)
{
	*lasts = !is_filtered(config, relation, from, to);
	if (*lasts)
		return !is_shed(config, relation);
	count(relation, FILTERED);
	return false;
}

__noinline int cf_relate(struct cf_act *act, struct cf_node *from, struct cf_node *to)
{
	struct cf_config *config = cf_get_config();
	u32 from_version, to_version;
	bool lasts;
	u64 key;

	if (!config || !act || !from || !to)
		return 0;
	if (!passes(config, act->relation, from->type, to->type, &lasts)) {
		if (lasts)
			propagate(config, act->relation, from, to);
		return 1;
	}
	from_version = __sync_fetch_and_or(&from->step, 1) >> 1;
	key = cf_compression_key(from->id, from_version, act->relation);
	if (__sync_lock_test_and_set(&to->previous, key) == key && !(config->modes & CF_KEEP_EDGES)) {
		count(act->relation, COMPRESSED);
		/* What is said of the source may be newer than the relation. */
		propagate(config, act->relation, from, to);
		return 1;
	}
	to_version = enter(config, act, to);
	if (!cf_write(act, from, from_version, to, to_version)) {
		to->previous = 0;
		return 0;
	}
	propagate(config, act->relation, from, to);
	return 1;
}

__noinline int cf_relate_name(struct cf_node *path, struct cf_node *node, u64 task_id)
{
	struct cf_config *config = cf_get_config();
	struct cf_act act = { .relation = CF_NAMED, .task_id = task_id };
	bool lasts;

	if (!config || !path || !node)
		return 0;
	if (!passes(config, CF_NAMED, path->type, node->type, &lasts))
		return 1;
	return cf_write(&act, path, 0, node, *(volatile u64 *)&node->step >> 1);
}

/* `act` is room for an act: one after the other, as stacks are short. */
static __always_inline void relate_to_machine(struct cf_config *config, struct cf_act *act, struct cf_node *task)
{
	u32 zero = 0;
	struct cf_machine *machine = bpf_map_lookup_elem(&cf_machine, &zero);

	if (!machine || !machine->node.id || task->machine_epoch == config->epoch)
		return;
	task->machine_epoch = config->epoch;
	act->relation = CF_RAN_ON;
	act->task_id = task->id;
	if (!cf_relate(act, &machine->node, task))
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
	struct cf_act other = {};

	if (!config || !act || !entity || !task)
		return 0;
	if (!admits(config, act->relation, entity->flags | task->flags, entity->type, task->type))
		return 0;
	relate_to_machine(config, &other, task);
	return cf_relate(act, entity, task);
}

__noinline int cf_record_use(struct cf_act *act, struct cf_node *entity, struct cf_node *task, struct cf_node *process)
{
	struct cf_config *config = cf_get_config();
	struct cf_act other = {};

	if (!config || !act || !entity || !task || !process)
		return 0;
	if (!admits(config, act->relation, entity->flags | task->flags | process->flags, entity->type, task->type))
		return 0;
	relate_to_machine(config, &other, task);
	cf_relate(act, entity, task);
	other.relation = CF_MEMORY_WRITE;
	other.task_id = act->task_id;
	cf_relate(&other, task, process);
	return 1;
}

__noinline int cf_record_generation(struct cf_act *act, struct cf_node *process, struct cf_node *task,
				    struct cf_node *entity)
{
	struct cf_config *config = cf_get_config();
	struct cf_act other = {};

	if (!config || !act || !entity || !task || !process)
		return 0;
	if (process->flags & ~task->flags & CF_TRACKED)
		cf_flag(task, process->flags & (CF_TRACKED | CF_HELD), 0);
	if (!admits(config, act->relation, entity->flags | task->flags | process->flags, task->type, entity->type))
		return 0;
	relate_to_machine(config, &other, task);
	other.relation = CF_MEMORY_READ;
	other.task_id = act->task_id;
	cf_relate(&other, process, task);
	return cf_relate(act, task, entity);
}

__noinline int cf_derives(struct cf_act *act, struct cf_node *from, struct cf_node *to, struct cf_node *task,
			  struct cf_node *process)
{
	struct cf_config *config = cf_get_config();
	u32 flags;

	if (!config || !act || !from || !to)
		return 0;
	flags = from->flags | to->flags;
	if (task)
		flags |= task->flags;
	if (process)
		flags |= process->flags;
	if (!admits(config, act->relation, flags, from->type, to->type))
		return 0;
	return cf_relate(act, from, to);
}

__noinline int cf_informs(struct cf_act *act, struct cf_node *from, struct cf_node *to, struct cf_node *process,
			  struct cf_node *other)
{
	struct cf_config *config = cf_get_config();
	struct cf_act ran_on = {};
	u32 flags;

	if (!config || !act || !from || !to || !process || !other)
		return 0;
	flags = from->flags | to->flags | process->flags | other->flags;
	if (!admits(config, act->relation, flags, from->type, to->type))
		return 0;
	relate_to_machine(config, &ran_on, from);
	if (to->type == CF_NODE_TASK)
		relate_to_machine(config, &ran_on, to);
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
	if (is_shed(config, relation))
		return 0;
	step = node->step;
	if (!(config->modes & CF_KEEP_VERSIONS))
		node->step = (step | 1) + 1;
	return cf_write(&act, node, step >> 1, node, node->step >> 1);
}

__noinline int cf_allows(struct cf_act *act, struct cf_node *process, struct cf_node *task, struct cf_node *entity)
{
	struct cf_config *config = cf_get_config();

	return config && config->enabled && act && process && task && entity &&
	       !((entity->flags | task->flags | process->flags) & CF_OPAQUE) &&
	       !is_filtered(config, act->relation, task->type, entity->type);
}

__noinline int cf_selects(struct cf_node *entity, struct cf_node *task, struct cf_node *process)
{
	struct cf_config *config = cf_get_config();

	return config && config->enabled && entity && task && process &&
	       is_selected(config, entity->flags | task->flags | process->flags);
}
