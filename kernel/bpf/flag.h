/* SPDX-License-Identifier: GPL-2.0-only */
/* Flags and taint of nodes. They are changed here and nowhere else: the sieve and cf_files have to know. */
#ifndef CAMFLOW_FLAG_H
#define CAMFLOW_FLAG_H

#include "sieve.h"
#include "model.h"

/* What puts a node into the sieve: something has to be known of it wherever it acts. */
#define CF_SIEVED (CF_TRACKED | CF_OPAQUE)

/* Adds flags and taint to a node of the kernel's own. */
extern int cf_flag(struct cf_node *node, u32 flags, u64 taint);
/* Takes flags away. */
extern int cf_unflag(struct cf_node *node, u32 flags);
/* Before the state of an object is deleted. */
extern int cf_forget_flags(struct cf_node *node, u32 last);

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
