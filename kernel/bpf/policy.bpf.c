// SPDX-License-Identifier: GPL-2.0-only
/* What is said of users, groups, cgroups, security contexts and addresses, brought to the nodes that match. */
#include "policy.h"
#include "end.h"

char LICENSE[] SEC("license") = "GPL";

/* Of the ancestors of a cgroup, the root included. */
#define CGROUP_LIMIT 16


extern const void apparmor_blob_sizes __ksym __weak;
extern const void apparmor_initialized __ksym __weak;

static __always_inline u32 policy_flags(u32 kind, u64 id)
{
	struct cf_policy_key key = { .kind = kind, .id = id };
	struct cf_policy *policy = bpf_map_lookup_elem(&cf_policies, &key);

	return policy ? policy->flags : 0;
}

static __always_inline u32 cgroup_flags(void)
{
	u32 flags = 0;

	for (int level = 0; level < CGROUP_LIMIT; level++) {
		u64 id = bpf_get_current_ancestor_cgroup_id(level);

		if (!id)
			break;
		flags |= policy_flags(CF_CGROUP, id);
	}
	return flags;
}

/* A task that is ending has none any more. */
static __always_inline u32 cgroup_namespace(void)
{
	struct nsproxy *namespaces = bpf_get_current_task_btf()->nsproxy;

	return namespaces ? namespaces->cgroup_ns->ns.inum : 0;
}

__noinline int cf_apply_identity(struct cf_node *process)
{
	struct cf_config *config = cf_get_config();
	u32 flags = 0;

	if (!config || !process)
		return 0;
	if (config->policies & 1 << CF_USER)
		flags |= policy_flags(CF_USER, process->uid);
	if (config->policies & 1 << CF_GROUP)
		flags |= policy_flags(CF_GROUP, process->gid);
	if (config->policies & 1 << CF_SECURITY && process->secid)
		flags |= policy_flags(CF_SECURITY, process->secid);
	if (flags)
		cf_flag(process, flags, 0);
	return 0;
}

__noinline int cf_apply_place(struct cf_node *task)
{
	struct cf_config *config = cf_get_config();
	u32 flags = 0;

	if (!config || !task)
		return 0;
	if (config->policies & 1 << CF_CGROUP)
		flags |= cgroup_flags();
	if (config->policies & 1 << CF_NAMESPACE)
		flags |= policy_flags(CF_NAMESPACE, cgroup_namespace());
	if (flags)
		cf_flag(task, flags, 0);
	return 0;
}

/* What the loop over the rules is given. */
struct search {
	struct cf_address_rules *rules;
	u32 address[4];
	u32 port;
	u32 flags;
};

/* Bits of a word that a prefix covers, in network order; `before` are those of the words before it. */
static __always_inline u32 word_mask(u32 prefix, u32 before)
{
	if (prefix <= before)
		return 0;
	if (prefix >= before + 32)
		return ~0u;
	return bpf_htonl(~0u << (32 - (prefix - before)));
}

static long try_rule(u32 index, struct search *search)
{
	struct cf_address_rule *rule;
	u32 differs, address[4];

	if (index >= CF_ADDRESS_RULES)
		return 1;
	rule = &search->rules->rules[index];
	__builtin_memcpy(address, rule->address, sizeof(address));
	differs = (address[0] ^ search->address[0]) & word_mask(rule->prefix, 0);
	differs |= (address[1] ^ search->address[1]) & word_mask(rule->prefix, 32);
	differs |= (address[2] ^ search->address[2]) & word_mask(rule->prefix, 64);
	differs |= (address[3] ^ search->address[3]) & word_mask(rule->prefix, 96);
	if (differs || (rule->port && rule->port != search->port))
		return 0;
	search->flags = rule->flags;
	return 1;
}

__noinline u32 cf_address_flags(u32 direction, struct cf_place *place)
{
	struct search search = {};

	if (!place)
		return 0;
	search.rules = bpf_map_lookup_elem(&cf_addresses, &direction);
	if (!search.rules)
		return 0;
	__builtin_memcpy(search.address, place->address, sizeof(search.address));
	search.port = place->port;
	bpf_loop(search.rules->count, try_rule, &search, 0);
	return search.flags;
}

__noinline int cf_apply_address(u32 direction, struct cf_place *place, struct cf_node *socket, struct cf_node *process)
{
	u32 flags = place && socket ? cf_address_flags(direction, place) : 0;

	if (!flags)
		return 0;
	cf_flag(socket, flags, 0);
	if (process)
		cf_flag(process, flags & ~CF_RECORD, 0);
	return 0;
}

/* The place that an address in the kernel's memory means; false where rules do not know its family. */
static __always_inline bool read_place(struct cf_place *place, u64 address, u32 length)
{
	u16 family = 0, port = 0;

	__builtin_memset(place, 0, sizeof(*place));
	if (!address || length < 8)
		return false;
	bpf_probe_read_kernel(&family, sizeof(family), (void *)address);
	bpf_probe_read_kernel(&port, sizeof(port), (void *)(address + 2));
	place->port = bpf_ntohs(port);
	if (family == AF_INET) {
		place->address[2] = bpf_htonl(0xffff);
		bpf_probe_read_kernel(&place->address[3], sizeof(place->address[3]), (void *)(address + 4));
		return true;
	}
	if (family != AF_INET6 || length < 24)
		return false;
	bpf_probe_read_kernel(&place->address, sizeof(place->address), (void *)(address + 8));
	return true;
}

__noinline int cf_apply_named_address(u32 direction, u64 address, u32 length, struct cf_node *socket,
				      struct cf_node *process)
{
	struct cf_place place;

	if (read_place(&place, address, length))
		cf_apply_address(direction, &place, socket, process);
	return 0;
}

/* A context that is met for the first time: what is said of it by name is said of its number from now on. */
static __always_inline void meet_context(u32 secid, u64 name)
{
	static const struct cf_context none;
	struct cf_policy_key key = { .kind = CF_SECURITY, .id = secid };
	struct cf_context *context;
	struct cf_policy *policy;

	bpf_map_update_elem(&cf_contexts, &secid, &none, BPF_NOEXIST);
	context = bpf_map_lookup_elem(&cf_contexts, &secid);
	if (!context)
		return;
	bpf_probe_read_kernel_str(context->name, sizeof(context->name), (void *)name);
	policy = bpf_map_lookup_elem(&cf_named_policies, context);
	if (policy)
		bpf_map_update_elem(&cf_policies, &key, policy, BPF_ANY);
}

/*
 * The number of a security context, 0 where there is none to be had. No helper gives it. AppArmor has it, with its
 * text, in the label that the credentials lead to; where in them the label is, AppArmor says itself. What belongs to
 * an inactive module must not be looked at: the place is somebody else's then.
 */
__noinline u32 cf_secid(u64 address)
{
	struct cred *cred = (struct cred *)address;
	struct aa_label *label = NULL;
	u64 blob, name;
	int active = 0, offset;
	u32 secid;

	if (!&apparmor_initialized || !&apparmor_blob_sizes || !bpf_core_type_exists(struct aa_label))
		return 0;
	bpf_probe_read_kernel(&active, sizeof(active), &apparmor_initialized);
	blob = (u64)BPF_CORE_READ(cred, security);
	if (!active || !blob)
		return 0;
	offset = BPF_CORE_READ((struct lsm_blob_sizes *)&apparmor_blob_sizes, lbs_cred);
	bpf_probe_read_kernel(&label, sizeof(label), (void *)(blob + offset));
	if (!label)
		return 0;
	secid = BPF_CORE_READ(label, secid);
	name = (u64)BPF_CORE_READ(label, hname);
	if (secid && name && !bpf_map_lookup_elem(&cf_contexts, &secid))
		meet_context(secid, name);
	return secid;
}
