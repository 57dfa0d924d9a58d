/* SPDX-License-Identifier: GPL-2.0-only */
/* Policies about kinds of things, see struct cf_policy_key and struct cf_address_rule. */
#ifndef CAMFLOW_POLICY_H
#define CAMFLOW_POLICY_H

#include "flag.h"

/* One end of a connection, as rules about addresses see it: IPv4 as IPv6. */
struct cf_place {
	u32 address[4];
	u32 port;
};

/* By user, group and security context. */
extern int cf_apply_identity(struct cf_node *process);
/* By cgroup and namespace, to the current task. */
extern int cf_apply_place(struct cf_node *task);
/* What the first rule about addresses that matches says. */
extern u32 cf_address_flags(u32 direction, struct cf_place *place);
/* The same said, to a socket and to the process (may be null) that uses it. */
extern int cf_apply_address(u32 direction, struct cf_place *place, struct cf_node *socket, struct cf_node *process);
/* The same for an address as user space gives it, in the kernel's memory; without one nothing matches. */
extern int cf_apply_named_address(u32 direction, u64 address, u32 length, struct cf_node *socket,
				  struct cf_node *process);
/* The number of the security context of credentials. */
extern u32 cf_secid(u64 cred);

/* By its owner: of a file, of a program that begins, or of memory that becomes somebody else's. */
static __always_inline void cf_apply_owner(struct cf_node *node)
{
	struct cf_config *config = cf_get_config();

	if (config && config->policies & (1 << CF_USER | 1 << CF_GROUP))
		cf_apply_identity(node);
}

static __always_inline bool cf_has_address_rules(void)
{
	struct cf_config *config = cf_get_config();

	return config && config->enabled && config->policies & CF_ANY_ADDRESS;
}

#endif
