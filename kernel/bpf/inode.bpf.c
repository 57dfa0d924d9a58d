// SPDX-License-Identifier: GPL-2.0-only
/* Inodes: their beginning, their names, their attributes and their end. */
#include "state.h"
#include "emit.h"

char LICENSE[] SEC("license") = "GPL";

#define RENAME_EXCHANGE 2

static __always_inline void generate(struct inode *inode, u32 relation, u64 flags)
{
	struct cf_actor actor;
	struct cf_node *node;
	struct cf_act act;

	if (!inode || !cf_concerns(inode) || !cf_acts(&actor))
		return;
	node = cf_plain_inode(&actor, inode);
	if (!node)
		return;
	act = cf_new_act(&actor, relation, flags);
	cf_generates(&act, actor.process, actor.task, node);
}

/*
 * The mount through which a task is about to give a name to an inode, NULL for one that is yet to be made. The hooks on
 * inodes, which come next, do not tell; the hooks on paths are missing only in kernels without AppArmor, Tomoyo and
 * Landlock.
 */
static __always_inline void note_mount(const struct path *folder, struct dentry *dentry, const struct inode *inode)
{
	struct cf_actor actor;

	if (!cf_concerns(inode) || !cf_acts(&actor))
		return;
	actor.state->mount = (u64)folder->mnt;
	actor.state->mount_dentry = (u64)dentry;
}

/* The mount noted for a dentry; 0 where none is. */
static __always_inline u64 take_mount(const struct cf_task *state, struct dentry *dentry)
{
	return state->mount_dentry == cf_address(dentry) ? state->mount : 0;
}

CF_HOOK(path_mknod)
int BPF_PROG(cf_path_mknod, const struct path *folder, struct dentry *dentry, umode_t mode, unsigned int device,
	     int ret)
{
	if (!ret)
		note_mount(folder, dentry, NULL);
	return CF_VERDICT(ret);
}

CF_HOOK(path_mkdir)
int BPF_PROG(cf_path_mkdir, const struct path *folder, struct dentry *dentry, umode_t mode, int ret)
{
	if (!ret)
		note_mount(folder, dentry, NULL);
	return CF_VERDICT(ret);
}

CF_HOOK(path_symlink)
int BPF_PROG(cf_path_symlink, const struct path *folder, struct dentry *dentry, const char *target, int ret)
{
	if (!ret)
		note_mount(folder, dentry, NULL);
	return CF_VERDICT(ret);
}

CF_HOOK(path_link)
int BPF_PROG(cf_path_link, struct dentry *old_dentry, const struct path *folder, struct dentry *dentry, int ret)
{
	if (!ret)
		note_mount(folder, dentry, old_dentry->d_inode);
	return CF_VERDICT(ret);
}

CF_HOOK(path_rename)
int BPF_PROG(cf_path_rename, const struct path *old_folder, struct dentry *old_dentry, const struct path *folder,
	     struct dentry *dentry, unsigned int flags, int ret)
{
	if (!ret)
		note_mount(folder, dentry, old_dentry->d_inode);
	return CF_VERDICT(ret);
}

/*
 * What the task is about to make of a dentry, and of which inode if there is one yet. Whether it succeeds shows when the
 * dentry gets its inode. An overlay first makes a name in a layer, or several: that of its own is kept meanwhile.
 */
static __always_inline void expect(struct dentry *dentry, const struct inode *inode, u32 relation, u64 flags)
{
	struct cf_actor actor;

	if (!cf_concerns(inode) || !cf_acts(&actor))
		return;
	if (actor.state->dentry)
		actor.state->outer = (struct cf_making){
			.dentry = actor.state->dentry,
			.flags = actor.state->flags,
			.relation = actor.state->relation,
			.name_hash = actor.state->name_hash,
		};
	actor.state->dentry = (u64)dentry;
	actor.state->name_hash = dentry->d_name.hash;
	actor.state->relation = relation;
	actor.state->flags = flags;
}

/* Takes what the task is about to make of a dentry; false where it is about to make nothing of it. */
static __always_inline bool take_expected(struct cf_task *state, u64 dentry, struct cf_making *making)
{
	if (state->dentry == dentry) {
		making->flags = state->flags;
		making->relation = state->relation;
		making->name_hash = state->name_hash;
		state->dentry = 0;
		return true;
	}
	if (state->outer.dentry == dentry) {
		*making = state->outer;
		state->outer.dentry = 0;
		return true;
	}
	return false;
}

CF_HOOK(inode_create)
int BPF_PROG(cf_inode_create, struct inode *dir, struct dentry *dentry, umode_t mode, int ret)
{
	if (ret)
		return CF_VERDICT(ret);
	generate(dir, CF_INODE_CREATE, mode);
	expect(dentry, NULL, CF_INODE_CREATE, mode);
	return CF_VERDICT(ret);
}

CF_HOOK(inode_mkdir)
int BPF_PROG(cf_inode_mkdir, struct inode *dir, struct dentry *dentry, umode_t mode, int ret)
{
	if (!ret)
		expect(dentry, NULL, CF_INODE_CREATE, mode);
	return CF_VERDICT(ret);
}

CF_HOOK(inode_mknod)
int BPF_PROG(cf_inode_mknod, struct inode *dir, struct dentry *dentry, umode_t mode, u64 device, int ret)
{
	if (!ret)
		expect(dentry, NULL, CF_INODE_CREATE, mode);
	return CF_VERDICT(ret);
}

CF_HOOK(inode_symlink)
int BPF_PROG(cf_inode_symlink, struct inode *dir, struct dentry *dentry, const char *target, int ret)
{
	if (!ret)
		expect(dentry, NULL, CF_SYMLINK, 0);
	return CF_VERDICT(ret);
}

CF_HOOK(inode_link)
int BPF_PROG(cf_inode_link, struct dentry *old_dentry, struct inode *dir, struct dentry *new_dentry, int ret)
{
	if (!ret)
		expect(new_dentry, old_dentry->d_inode, CF_LINK, 0);
	return CF_VERDICT(ret);
}

/* Every look-up of a file comes through here: leave early. */
CF_HOOK(d_instantiate)
int BPF_PROG(cf_d_instantiate, struct dentry *dentry, struct inode *inode)
{
	struct cf_making making;
	struct cf_task *state;
	struct cf_actor actor;
	struct cf_node *node;
	struct cf_act act;

	if (!inode || !cf_concerns(inode))
		return 0;
	state = bpf_task_storage_get(&cf_tasks, bpf_get_current_task_btf(), 0, 0);
	if (!state || !take_expected(state, cf_address(dentry), &making))
		return 0;
	/* One that came to nothing may have left its place to another. */
	if (making.name_hash != dentry->d_name.hash)
		return 0;
	if (!cf_acts(&actor) || cf_is_private(inode))
		return 0;
	node = cf_current_inode(inode);
	if (!node)
		return 0;
	if (cf_wants(&actor, node))
		cf_name(node, cf_address(dentry), take_mount(state, dentry), actor.task->id);
	act = cf_new_act(&actor, making.relation, making.flags);
	cf_generates(&act, actor.process, actor.task, node);
	return 0;
}

CF_HOOK(inode_permission)
int BPF_PROG(cf_inode_permission, struct inode *inode, int mask, int ret)
{
	struct cf_actor actor;
	struct cf_node *node;
	struct cf_act act;

	if (ret || !mask || !cf_concerns(inode) || !cf_acts(&actor))
		return CF_VERDICT(ret);
	node = cf_plain_inode(&actor, inode);
	if (!node)
		return CF_VERDICT(ret);
	act = cf_new_act(&actor, CF_PERM_CHECK, mask);
	cf_uses(&act, node, actor.task, actor.process);
	return CF_VERDICT(ret);
}

/* A name is about to go. Whether it does shows when the dentry loses its inode. */
static __always_inline void leave(struct dentry *dentry)
{
	struct inode *inode = dentry->d_inode;
	struct cf_actor actor;

	if (!inode || !cf_concerns(inode) || !cf_acts(&actor) || !cf_plain_inode(&actor, inode))
		return;
	actor.state->leaving[1] = actor.state->leaving[0];
	actor.state->leaving[0] = (struct cf_leaving){ .dentry = cf_address(dentry), .inode = cf_address(inode) };
}

CF_HOOK(inode_unlink)
int BPF_PROG(cf_inode_unlink, struct inode *dir, struct dentry *dentry, int ret)
{
	if (!ret)
		leave(dentry);
	return CF_VERDICT(ret);
}

CF_HOOK(inode_rmdir)
int BPF_PROG(cf_inode_rmdir, struct inode *dir, struct dentry *dentry, int ret)
{
	if (!ret)
		leave(dentry);
	return CF_VERDICT(ret);
}

/* Every name that goes comes through here, also those that file systems take away by themselves. */
SEC("fentry/d_delete")
int BPF_PROG(cf_d_delete, struct dentry *dentry)
{
	struct cf_config *config = cf_get_config();
	u64 address = cf_address(dentry), inode;
	struct cf_actor actor;
	struct cf_node *node;
	struct cf_task *state;
	struct cf_act act;

	if (!config || !config->enabled)
		return 0;
	state = bpf_task_storage_get(&cf_tasks, bpf_get_current_task_btf(), 0, 0);
	if (!state)
		return 0;
	if (state->leaving[0].dentry == address) {
		inode = state->leaving[0].inode;
		state->leaving[0].dentry = 0;
	} else if (state->leaving[1].dentry == address) {
		inode = state->leaving[1].inode;
		state->leaving[1].dentry = 0;
	} else {
		return 0;
	}
	if (inode != cf_address(dentry->d_inode) || !cf_acts(&actor))
		return 0;
	node = bpf_map_lookup_elem(&cf_inodes, &inode);
	if (!node)
		return 0;
	/* Another epoch may have begun meanwhile. */
	if (cf_wants_name(&actor, node))
		cf_name_inode(node, inode, actor.task->id);
	act = cf_new_act(&actor, CF_UNLINK, 0);
	cf_generates(&act, actor.process, actor.task, node);
	return 0;
}

/* What is about to get another name is named by the one that it has. */
static __always_inline void name_before(struct dentry *dentry)
{
	struct cf_actor actor;

	if (cf_concerns(dentry->d_inode) && cf_acts(&actor))
		cf_plain_inode(&actor, dentry->d_inode);
}

#ifdef CF_FEXIT
SEC("fexit/security_inode_rename")
int BPF_PROG(cf_inode_rename, struct inode *old_dir, struct dentry *old_dentry, struct inode *new_dir,
	     struct dentry *new_dentry, unsigned int flags, int ret)
{
	if (!ret) {
		name_before(old_dentry);
		if (flags & RENAME_EXCHANGE)
			name_before(new_dentry);
	}
	return CF_VERDICT(ret);
}
#else
/* For each of two that change places. */
SEC("lsm/inode_rename")
int BPF_PROG(cf_inode_rename, struct inode *old_dir, struct dentry *old_dentry, struct inode *new_dir,
	     struct dentry *new_dentry, int ret)
{
	if (!ret)
		name_before(old_dentry);
	return CF_VERDICT(ret);
}
#endif

/* It has its new name. The mount was noted for the dentry that had it before, if any. */
static __always_inline void rename(struct dentry *dentry, struct dentry *other)
{
	struct cf_actor actor;
	struct cf_node *node;
	struct cf_act act;

	if (!cf_concerns(dentry->d_inode) || !cf_acts(&actor))
		return;
	node = cf_plain_inode(&actor, dentry->d_inode);
	if (!node)
		return;
	act = cf_new_act(&actor, CF_RENAME, 0);
	cf_generates(&act, actor.process, actor.task, node);
	if (cf_wants(&actor, node))
		cf_name(node, cf_address(dentry), take_mount(actor.state, other), actor.task->id);
}

SEC("fexit/vfs_rename")
int BPF_PROG(cf_vfs_rename, struct renamedata *names, int ret)
{
	struct dentry *old_dentry = names->old_dentry, *new_dentry = names->new_dentry;

	/* Of two names of one file neither goes. */
	if (ret || old_dentry->d_inode == new_dentry->d_inode)
		return 0;
	rename(old_dentry, new_dentry);
	if (names->flags & RENAME_EXCHANGE)
		rename(new_dentry, old_dentry);
	return 0;
}

struct iattr_sample {
	struct cf_frame frame;
	struct cf_iattr_record record;
};

/* Where there is no room, what relates the node to others will be lost and counted. */
static __always_inline bool publish_attributes(struct cf_node *node, const struct cf_node *inode,
					       struct iattr *attributes)
{
	struct cf_config *config = cf_get_config();
	struct iattr_sample *sample;
	struct cf_iattr_record *record;

	if (!config)
		return false;
	cf_begin_between(node, config, CF_NODE_IATTR, inode);
	if (config->node_filter & CF_SUBTYPE_MASK & CF_NODE_IATTR || cf_keeps_back(config, CF_NODE_IATTR))
		return true;
	sample = cf_reserve(sizeof(*sample));
	if (!sample) {
		node->published = 0;
		return true;
	}
	record = &sample->record;
	__builtin_memset(record, 0, sizeof(*record));
	cf_fill_node(&record->node, config, node, 0);
	record->node.uid = attributes->ia_uid.val;
	record->node.gid = attributes->ia_gid.val;
	record->valid = attributes->ia_valid;
	record->mode = attributes->ia_mode;
	record->size = attributes->ia_size;
	record->atime = attributes->ia_atime.tv_sec;
	record->ctime = attributes->ia_ctime.tv_sec;
	record->mtime = attributes->ia_mtime.tv_sec;
	bpf_ringbuf_submit(sample, 0);
	return true;
}

static __always_inline void set_attributes(struct dentry *dentry, struct iattr *attributes)
{
	struct cf_scratch *scratch;
	struct cf_actor actor;
	struct cf_node *node;
	struct cf_act act;

	if (!cf_concerns(dentry->d_inode) || !cf_acts(&actor))
		return;
	node = cf_plain_inode(&actor, dentry->d_inode);
	scratch = cf_get_scratch();
	if (!node || !scratch || !cf_wants(&actor, node) || !publish_attributes(&scratch->node, node, attributes))
		return;
	act = cf_new_act(&actor, CF_SETATTR, 0);
	cf_generates(&act, actor.process, actor.task, &scratch->node);
	act.relation = CF_SETATTR_INODE;
	cf_derives(&act, &scratch->node, node, actor.task, actor.process);
}

SEC("fexit/notify_change")
int BPF_PROG(cf_notify_change, void *idmap, struct dentry *dentry, struct iattr *attributes, struct inode **delegated,
	     int ret)
{
	if (!ret)
		set_attributes(dentry, attributes);
	return 0;
}

/* It is new: what is known of its address is of another, whose end was missed. */
CF_HOOK_AS(inode_alloc_security, security_inode_alloc)
int BPF_PROG(cf_inode_alloc_security, struct inode *inode, int ret)
{
	cf_forget(&cf_inodes, cf_address(inode));
	return CF_VERDICT(ret);
}

/* One of which there is no state is deleted. */
static __always_inline void forget_file(struct inode *inode)
{
	struct cf_file_key key = {
		.ino = inode->i_ino,
		.device = inode->i_sb->s_dev,
		.generation = inode->i_generation,
	};

	if (!bpf_map_delete_elem(&cf_files, &key))
		cf_sieve_remove(cf_inode_number(key.device, key.ino));
}

CF_HOOK_AS(inode_free_security, security_inode_free)
int BPF_PROG(cf_inode_free_security, struct inode *inode)
{
	u64 address = cf_address(inode);
	struct cf_node *node = bpf_map_lookup_elem(&cf_inodes, &address);

	if (!node) {
		if (!inode->i_nlink && cf_in_sieve(cf_inode_number(inode->i_sb->s_dev, inode->i_ino)))
			forget_file(inode);
		return 0;
	}
	cf_ends(CF_FREE, node);
	cf_forget_flags(node, !inode->i_nlink);
	bpf_map_delete_elem(&cf_inodes, &address);
	return 0;
}
