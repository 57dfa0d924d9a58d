// SPDX-License-Identifier: GPL-2.0-only
/* Extended attributes: which, and the start of the value. All when it is over, as then it is known what they held. */
#include "state.h"
#include "emit.h"

char LICENSE[] SEC("license") = "GPL";

#define VALUE_LIMIT 4096

#define LIST_VERSION 2
#define LIST_USER 2
#define LIST_GROUP 8
#define NO_ID (~0u)
#define ERRORS (-4095ULL)

/* What an attribute holds: bytes in the kernel's memory, or an access list, which the kernel keeps in a form of its own. */
struct value {
	u64 address;
	u64 size;
	u64 list;
};

/* As programs give it to the kernel and get it from there, behind a word that says the version. */
struct list_entry {
	u16 tag;
	u16 permissions;
	u32 id;
};

struct xattr_sample {
	struct cf_frame frame;
	struct cf_xattr_record record;
};

/* `room`, a constant, is at least `stored`. Only as much as is used counts as the sample's size. */
static __always_inline int publish_sample(struct cf_config *config, struct cf_node *node, u64 name, u64 value, u64 size,
					  u32 stored, const u32 room)
{
	struct xattr_sample *sample = cf_reserve(sizeof(*sample) + room + 8);
	char *bytes = (char *)(sample + 1);

	if (!sample)
		return 0;
	__builtin_memset(&sample->record, 0, sizeof(sample->record));
	cf_fill_node(&sample->record.node, config, node, 0);
	sample->record.text.length = size;
	sample->record.text.stored = stored;
	sample->record.text.truncated = stored < size;
	bpf_probe_read_kernel_str(sample->record.name, sizeof(sample->record.name), (void *)name);
	sample->frame.size = (sizeof(*sample) + stored + 7) & ~7u;
	*(u64 *)(bytes + (stored & ~7u)) = 0;
	bpf_probe_read_kernel(bytes, stored, (void *)value);
	bpf_ringbuf_submit(sample, 0);
	return 1;
}

/* Writes the record of an attribute. Returns 0 where there was no room. */
__noinline int cf_publish_xattr(struct cf_node *node, u64 name, u64 value, u64 size, u32 stored)
{
	struct cf_config *config = cf_get_config();

	if (!config || !node)
		return 0;
	if (stored <= 64)
		return publish_sample(config, node, name, value, size, stored, 64);
	if (stored <= 512)
		return publish_sample(config, node, name, value, size, stored, 512);
	if (stored <= VALUE_LIMIT)
		return publish_sample(config, node, name, value, size, stored, VALUE_LIMIT);
	return 0;
}

/* What the loop over an access list is given. */
struct listing {
	struct cf_scratch *scratch;
	u64 entries;
};

static long write_entry(u32 index, struct listing *listing)
{
	u32 place = (sizeof(u32) + index * sizeof(struct list_entry)) & (CF_PATH_LIMIT - 1);
	struct list_entry entry = {};

	bpf_probe_read_kernel(&entry, sizeof(entry), (void *)(listing->entries + index * sizeof(entry)));
	if (entry.tag != LIST_USER && entry.tag != LIST_GROUP)
		entry.id = NO_ID;
	__builtin_memcpy(listing->scratch->text + place, &entry, sizeof(entry));
	return 0;
}

static __always_inline u64 list_size(u64 list)
{
	return sizeof(u32) + BPF_CORE_READ((struct posix_acl *)list, a_count) * sizeof(struct list_entry);
}

/* An access list where no path is kept meanwhile, as much of it as is stored. */
static __always_inline u64 write_list(struct cf_scratch *scratch, u64 list, u32 stored)
{
	struct listing listing = { .scratch = scratch, .entries = (u64)&((struct posix_acl *)list)->a_entries };
	const u32 version = LIST_VERSION;

	__builtin_memcpy(scratch->text, &version, sizeof(version));
	bpf_loop(stored / sizeof(struct list_entry), write_entry, &listing, 0);
	return cf_address(scratch->text);
}

/* The attribute as a node of its own, its record written; NULL where nothing is to be recorded. */
static __always_inline struct cf_node *attribute(struct cf_actor *actor, struct cf_node *inode, const char *name,
						 const struct value *holds)
{
	struct cf_config *config = cf_get_config();
	struct cf_stats *stats = cf_get_stats();
	u64 value = holds->address, size = holds->list ? list_size(holds->list) : holds->size;
	u32 stored = size > VALUE_LIMIT ? VALUE_LIMIT : size;
	struct cf_scratch *scratch;

	if (!config || !stats || !cf_wants(actor, inode) || config->node_filter & CF_SUBTYPE_MASK & CF_NODE_XATTR)
		return NULL;
	scratch = cf_get_scratch();
	if (!scratch)
		return NULL;
	if (config->modes & CF_HIDE_VALUES)
		value = 0;
	else if (holds->list)
		value = write_list(scratch, holds->list, stored);
	if (!value)
		stored = 0;
	cf_begin_between(&scratch->node, config, CF_NODE_XATTR, inode);
	if (value && stored < size)
		__sync_fetch_and_add(&stats->truncated, 1);
	if (!cf_keeps_back(config, CF_NODE_XATTR) && !cf_publish_xattr(&scratch->node, cf_address(name), value, size, stored))
		scratch->node.published = 0;
	return &scratch->node;
}

/* process -> task -> attribute -> inode */
static __always_inline void change(struct dentry *dentry, const char *name, const struct value *value, u32 relation,
				   u32 of_inode, u64 flags)
{
	struct cf_actor actor;
	struct cf_node *inode, *node;
	struct cf_act act;

	if (!cf_concerns(dentry->d_inode) || !cf_acts(&actor))
		return;
	inode = cf_plain_inode(&actor, dentry->d_inode);
	node = inode ? attribute(&actor, inode, name, value) : NULL;
	if (!node)
		return;
	act = cf_new_act(&actor, relation, flags);
	cf_generates(&act, actor.process, actor.task, node);
	act.relation = of_inode;
	cf_derives(&act, node, inode, actor.task, actor.process);
}

CF_HOOK(inode_post_setxattr)
int BPF_PROG(cf_inode_post_setxattr, struct dentry *dentry, const char *name, const void *value, u64 size, int flags)
{
	struct value holds = { .size = size };

	/* The verifier takes no pointer to constant bytes from its context. */
	bpf_get_func_arg(ctx, 2, &holds.address);
	change(dentry, name, &holds, CF_SETXATTR, CF_SETXATTR_INODE, (u32)flags);
	return 0;
}

/* CamFlow's inode_removexattr comes before. */
SEC("fexit/vfs_removexattr")
int BPF_PROG(cf_vfs_removexattr, void *idmap, struct dentry *dentry, const char *name, int result)
{
	struct value nothing = {};

	if (!result)
		change(dentry, name, &nothing, CF_REMOVEXATTR, CF_REMOVEXATTR_INODE, 0);
	return 0;
}

/* inode -> attribute -> task -> process */
static __always_inline void read(struct dentry *dentry, const char *name, const struct value *value)
{
	struct cf_actor actor;
	struct cf_node *inode, *node;
	struct cf_act act;

	if (!cf_concerns(dentry->d_inode) || !cf_acts(&actor))
		return;
	inode = cf_plain_inode(&actor, dentry->d_inode);
	node = inode ? attribute(&actor, inode, name, value) : NULL;
	if (!node)
		return;
	act = cf_new_act(&actor, CF_GETXATTR_INODE, 0);
	cf_derives(&act, inode, node, actor.task, actor.process);
	act.relation = CF_GETXATTR;
	cf_uses(&act, node, actor.task, actor.process);
}

/* CamFlow's inode_getxattr comes before. Without room only the size was asked for. */
SEC("fexit/vfs_getxattr")
int BPF_PROG(cf_vfs_getxattr, void *idmap, struct dentry *dentry, const char *name, void *value, u64 room, long size)
{
	struct value holds = { .address = room ? cf_address(value) : 0, .size = size };

	if (size >= 0)
		read(dentry, name, &holds);
	return 0;
}

/* From 6.2 on attributes that are access lists go a way of their own, past all of the above. */
SEC("fexit/vfs_set_acl")
int BPF_PROG(cf_vfs_set_acl, void *idmap, struct dentry *dentry, const char *name, struct posix_acl *list, int result)
{
	struct value holds = { .list = cf_address(list) };

	if (!result)
		change(dentry, name, &holds, CF_SETXATTR, CF_SETXATTR_INODE, 0);
	return 0;
}

SEC("fexit/vfs_remove_acl")
int BPF_PROG(cf_vfs_remove_acl, void *idmap, struct dentry *dentry, const char *name, int result)
{
	struct value nothing = {};

	if (!result)
		change(dentry, name, &nothing, CF_REMOVEXATTR, CF_REMOVEXATTR_INODE, 0);
	return 0;
}

/* Whether there was room for the value, or only its size was asked for, is not seen here. */
SEC("fexit/vfs_get_acl")
int BPF_PROG(cf_vfs_get_acl, void *idmap, struct dentry *dentry, const char *name, struct posix_acl *result)
{
	struct value holds = { .list = cf_address(result) };

	if (holds.list && holds.list < ERRORS)
		read(dentry, name, &holds);
	return 0;
}

/* CamFlow's inode_listxattr comes before. */
SEC("fexit/vfs_listxattr")
int BPF_PROG(cf_vfs_listxattr, struct dentry *dentry, char *list, u64 room, long size)
{
	struct cf_actor actor;
	struct cf_node *inode;
	struct cf_act act;

	if (size < 0 || !cf_concerns(dentry->d_inode) || !cf_acts(&actor))
		return 0;
	inode = cf_plain_inode(&actor, dentry->d_inode);
	if (!inode)
		return 0;
	act = cf_new_act(&actor, CF_LISTXATTR, 0);
	cf_uses(&act, inode, actor.task, actor.process);
	return 0;
}
