/* SPDX-License-Identifier: GPL-2.0-only */
/* Flags and taint of nodes. They are changed here and nowhere else: the sieve and cf_files have to know. */
#ifndef CAMFLOW_FLAG_H
#define CAMFLOW_FLAG_H

#include "sieve.h"
#include "model.h"

/*
 * Internal flag of a process node: it may have files mapped shared, and others may have written into those. Of one that
 * begins nobody has looked yet.
 */
#define CF_SHARES (1u << 9)

/* Internal flag of a node that is tracked: not, or not only, for a recording of somebody's own. */
#define CF_HELD (1u << 10)

/* Internal flag of an inode's node: it is, or was, mapped shared. Who has it mapped must hear that it is tracked. */
#define CF_MAPPED (1u << 11)

/* Internal flag of a node of which the object has ended: its flags are in the sieve no more. */
#define CF_ENDED (1u << 12)

/* That something is tracked. It goes from one thing to another with why it is so. */
#define CF_TRACKING (CF_TRACKED | CF_PROPAGATE | CF_HELD)

/* What puts a node into the sieve: something has to be known of it wherever it acts. */
#define CF_SIEVED (CF_TRACKED | CF_OPAQUE)

/* Adds flags and taint to a node of the kernel's own. */
extern int cf_flag(struct cf_node *node, u32 flags, u64 taint);
/* Takes flags away. */
extern int cf_unflag(struct cf_node *node, u32 flags);
/* Makes flags and taint of a file's node those that cf_files has, where something was said of files meanwhile. */
extern int cf_hear(struct cf_node *node);
/* Before the state of an object is deleted. */
extern int cf_forget_flags(struct cf_node *node, u32 last);

static __always_inline u64 cf_propagation_filter(const struct cf_config *config, u32 relation)
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
	case CF_INFLUENCED:
		return config->propagate_influenced_filter;
	case CF_ASSOCIATED:
		return config->propagate_associated_filter;
	default:
		return 0;
	}
}

/* Whether flags and taint travel along a relation into a node. */
static __always_inline bool cf_carries(const struct cf_config *config, u32 relation, u64 type)
{
	return !(cf_propagation_filter(config, relation) & CF_SUBTYPE_MASK & 1ULL << CF_RELATION_BIT(relation)) &&
	       !(config->propagate_node_filter & CF_SUBTYPE_MASK & type);
}

/*
 * What a new object takes over of these flags: that somebody wants to see it does not travel, but that it is to be
 * passed on does.
 */
static __always_inline u32 cf_inherited(u32 relation, u64 type, u32 flags, u64 *taint)
{
	struct cf_config *config = cf_get_config();

	if (config && cf_carries(config, relation, type))
		return flags;
	*taint = 0;
	return flags & ~CF_PROPAGATE;
}

/* What is known of files that are mapped shared and tracked does not hold any more. */
static __always_inline void cf_change_mapped(void)
{
	struct cf_ids *ids = cf_get_ids();

	if (ids)
		__sync_fetch_and_add(&ids->mapped, 1);
}

/* Whether cf_files has what is said of the node: not of pipes and sockets, which end when they leave memory. */
static __always_inline bool cf_is_kept(const struct cf_node *node)
{
	switch (node->type) {
	case CF_NODE_INODE:
	case CF_NODE_LINK:
	case CF_NODE_FILE:
	case CF_NODE_DIRECTORY:
	case CF_NODE_CHAR:
	case CF_NODE_BLOCK:
		return true;
	}
	return false;
}

#endif
