/* SPDX-License-Identifier: GPL-2.0-only */
/* From a record to this CPU's ring. */
#ifndef CAMFLOW_EMIT_H
#define CAMFLOW_EMIT_H

#include "maps.h"
#include "model.h"

/*
 * Takes a sequence number and finds room for a sample of this size, a constant. Returns NULL, and has counted it,
 * where there is none. The sample goes out with bpf_ringbuf_submit.
 */
static __always_inline void *cf_reserve(u32 size)
{
	u32 cpu = bpf_get_smp_processor_id();
	struct cf_stats *stats = cf_get_stats();
	struct cf_frame *frame = NULL;
	u64 sequence;
	void *ring;

	if (!stats)
		return NULL;
	sequence = __sync_fetch_and_add(&stats->taken, 1);
	ring = bpf_map_lookup_elem(&cf_rings, &cpu);
	if (ring)
		frame = bpf_ringbuf_reserve(ring, size, 0);
	if (!frame) {
		__sync_fetch_and_add(&stats->ring_full, 1);
		return NULL;
	}
	frame->size = size;
	frame->flags = 0;
	frame->sequence = sequence;
	return frame;
}

/*
 * Whether records of nodes of this type are kept back: the policy of the recorder leaves them out, or they are shed under
 * load, which is counted. Without a recorder nothing is. All else goes on as if they were written, so that the others are
 * the same with them and without. Not for paths, which names come in.
 */
static __always_inline bool cf_keeps_back(const struct cf_config *config, u64 type)
{
	struct cf_stats *stats;

	if (!((config->left_nodes | config->shed_nodes) & CF_SUBTYPE_MASK & type) || !config->recorder)
		return false;
	if (config->left_nodes & CF_SUBTYPE_MASK & type)
		return true;
	stats = cf_get_stats();
	if (stats)
		__sync_fetch_and_add(&stats->shed, 1);
	return true;
}

static __always_inline void cf_fill_identifier(struct cf_identifier *identifier, const struct cf_config *config,
					       u64 type, u64 id, u32 version)
{
	identifier->type = type;
	identifier->id = id;
	identifier->boot_id = config->boot_id;
	identifier->machine_id = config->machine_id;
	identifier->version = version;
	identifier->zero = 0;
}

/* The identifier of a version of a node. That of an IPv4 packet holds fields of its header. */
static __always_inline void cf_identify(struct cf_identifier *identifier, const struct cf_config *config,
					const struct cf_node *node, u32 version)
{
	cf_fill_identifier(identifier, config, node->type, node->id, version);
	if (node->type == CF_NODE_PACKET) {
		identifier->boot_id = node->packet.receiver;
		identifier->machine_id = node->packet.ports;
		identifier->version = node->packet.protocol;
		identifier->zero = node->packet.sequence;
	}
}

static __always_inline void cf_fill_node(struct cf_node_record *record, const struct cf_config *config,
					 const struct cf_node *node, u32 version)
{
	__builtin_memset(record, 0, sizeof(*record));
	cf_identify(&record->header.identifier, config, node, version);
	record->header.epoch = config->epoch;
	record->header.nepoch = node->named_epoch;
	record->header.internal_flag = node->flags & (CF_TRACKED | CF_OPAQUE | CF_PROPAGATE);
	record->header.jiffies = bpf_jiffies64();
	record->header.taint = node->taint;
	cf_fill_identifier(&record->name_id, config, node->name ? CF_NODE_PATH : 0, node->name, 0);
	record->secid = node->secid;
	record->uid = node->uid;
	record->gid = node->gid;
}

static __always_inline u64 cf_published(const struct cf_config *config, u32 version)
{
	return (u64)config->epoch << 32 | (version + 1);
}

/* Prepares a node that exists only in one record, written by the caller. It has one version: see CF_LASTING_NODES. */
static __always_inline void cf_begin_passing(struct cf_node *node, const struct cf_config *config, u64 type, u64 id)
{
	__builtin_memset(node, 0, sizeof(*node));
	node->type = type;
	node->id = id;
	node->published = cf_published(config, 0);
}

/*
 * The same for what stands between a file and who does something to it. Where the file is tracked, that is for the
 * record, and so is who does it.
 */
static __always_inline void cf_begin_between(struct cf_node *node, const struct cf_config *config, u64 type,
					     const struct cf_node *file)
{
	cf_begin_passing(node, config, type, cf_new_id());
	node->flags = file->flags & CF_TRACKED;
}

#endif
