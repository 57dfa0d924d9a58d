// SPDX-License-Identifier: GPL-2.0-only
/*
 * Paths as processes see them: from the dentry to the root of its file system, from where that is mounted to the
 * next one, up to the root of the task that acts or of its mount namespace. bpf_d_path exists only in some hooks; this serves them all.
 */
#include "record.h"
#include "emit.h"

char LICENSE[] SEC("license") = "GPL";

/* Steps, of which each but those through mounts takes two bytes of a path at least. */
#define DEPTH_LIMIT 4096
#define MOUNT_LIMIT 64

/* What a loop's callback is given. */
struct walk {
	struct cf_scratch *scratch;
};

static __always_inline bool prepend(struct cf_scratch *scratch, u64 name, u32 length)
{
	u64 start = scratch->start;

	if (length == 0 || length >= CF_NAME_LIMIT || start < length + 1) {
		scratch->is_cut = 1;
		return false;
	}
	start -= length;
	bpf_probe_read_kernel(scratch->text + (start & (CF_PATH_LIMIT - 1)), length, (void *)name);
	start -= 1;
	scratch->text[start & (CF_PATH_LIMIT - 1)] = '/';
	scratch->start = start;
	return true;
}

/* One component, or one step from a file system's root to where it is mounted. Returns 1 at the end. */
static long climb(u32 index, struct walk *walk)
{
	struct cf_scratch *scratch = walk->scratch;
	struct dentry *dentry = (struct dentry *)scratch->dentry;
	struct dentry *parent = BPF_CORE_READ(dentry, d_parent);
	struct mount *mount = (struct mount *)scratch->mount;

	if (scratch->dentry == scratch->root_dentry && scratch->mount == scratch->root_mount)
		return 1;
	if (mount && dentry == BPF_CORE_READ(mount, mnt.mnt_root)) {
		struct mount *outer = BPF_CORE_READ(mount, mnt_parent);

		if (outer == mount)
			return 1;
		scratch->dentry = (u64)BPF_CORE_READ(mount, mnt_mountpoint);
		scratch->mount = (u64)outer;
		return 0;
	}
	if (dentry == parent) {
		char first = 0;
		u64 name = (u64)BPF_CORE_READ(dentry, d_name.name);

		/* The root of a file system that is not mounted, or a file that never was in a folder. */
		bpf_probe_read_kernel(&first, 1, (void *)name);
		if (first != '/')
			prepend(scratch, name, BPF_CORE_READ(dentry, d_name.len));
		return 1;
	}
	if (!prepend(scratch, (u64)BPF_CORE_READ(dentry, d_name.name), BPF_CORE_READ(dentry, d_name.len)))
		return 1;
	scratch->dentry = (u64)parent;
	return 0;
}

static long hash_byte(u32 index, struct walk *walk)
{
	struct cf_scratch *scratch = walk->scratch;
	unsigned char byte = scratch->text[(scratch->start + index) & (CF_PATH_LIMIT - 1)];

	/* FNV-1a: two paths must not be one node. */
	scratch->hash = (scratch->hash ^ byte) * 0x100000001b3ULL;
	return 0;
}

/* The mount that struct mount and struct vfsmount are one object of. */
static __always_inline u64 mount_of(u64 vfsmount)
{
	return vfsmount ? vfsmount - (u64)&((struct mount *)0)->mnt : 0;
}

/*
 * A mount of the file system's root in the acting task's namespace; where there is none, one of any of its folders, and
 * where there is no such either, the first of any namespace.
 */
static long choose_mount(u32 index, struct walk *walk)
{
	struct cf_scratch *scratch = walk->scratch;
	u64 entry = scratch->next_mount;
	struct mount *mount = (struct mount *)(entry - (u64)&((struct mount *)0)->mnt_instance);

	if (entry == scratch->last_mount || !entry)
		return 1;
	if (scratch->namespace == (u64)BPF_CORE_READ(mount, mnt_ns)) {
		if (scratch->is_near == 0)
			scratch->mount = (u64)mount;
		scratch->is_near = 1;
		if ((u64)BPF_CORE_READ(mount, mnt.mnt_root) == scratch->root_of_mounts) {
			scratch->mount = (u64)mount;
			return 1;
		}
	} else if (scratch->mount == 0) {
		scratch->mount = (u64)mount;
	}
	scratch->next_mount = (u64)BPF_CORE_READ(mount, mnt_instance.next);
	return 0;
}

/* Where nobody says through which mount something is seen. */
static __always_inline void find_mount(struct walk *walk, struct super_block *sb)
{
	struct cf_scratch *scratch = walk->scratch;

	scratch->mount = 0;
	if (!bpf_core_field_exists(((struct mount *)0)->mnt_instance))
		return;
	scratch->last_mount = (u64)&sb->s_mounts;
	scratch->next_mount = (u64)BPF_CORE_READ(sb, s_mounts.next);
	scratch->root_of_mounts = (u64)BPF_CORE_READ(sb, s_root);
	scratch->is_near = 0;
	bpf_loop(MOUNT_LIMIT, choose_mount, walk, 0);
}

static __always_inline void find_root(struct cf_scratch *scratch)
{
	struct task_struct *current = bpf_get_current_task_btf();

	scratch->root_dentry = (u64)BPF_CORE_READ(current, fs, root.dentry);
	scratch->root_mount = mount_of((u64)BPF_CORE_READ(current, fs, root.mnt));
	scratch->namespace = (u64)BPF_CORE_READ(current, nsproxy, mnt_ns);
}

static __always_inline void write_name(struct cf_config *config, struct cf_node *node, struct cf_scratch *scratch,
				       u32 length, u64 task_id)
{
	u64 text = cf_address(scratch->text) + scratch->start;
	struct cf_node *path = &scratch->path;

	cf_begin_passing(path, config, CF_NODE_PATH, scratch->hash);
	node->name = scratch->hash;
	node->named_epoch = config->epoch;
	cf_publish_text(path, text, length, scratch->is_cut);
	if (!cf_relate_name(path, node, task_id))
		node->named_epoch = 0;
}

__noinline int cf_name(struct cf_node *node, u64 dentry, u64 vfsmount, u64 task_id)
{
	struct cf_config *config = cf_get_config();
	struct cf_scratch *scratch;
	struct walk walk;
	u32 length;

	if (!config || !node || !dentry)
		return 0;
	scratch = cf_get_scratch();
	if (!scratch)
		return 0;
	walk.scratch = scratch;
	scratch->start = CF_PATH_LIMIT;
	scratch->is_cut = 0;
	scratch->dentry = dentry;
	find_root(scratch);
	if (vfsmount)
		scratch->mount = mount_of(vfsmount);
	else
		find_mount(&walk, BPF_CORE_READ((struct dentry *)dentry, d_sb));
	bpf_loop(DEPTH_LIMIT, climb, &walk, 0);
	if (scratch->start >= CF_PATH_LIMIT) {
		scratch->start = CF_PATH_LIMIT - 1;
		scratch->text[CF_PATH_LIMIT - 1] = '/';
	}
	/* The end of a path is not where it begins. */
	if (scratch->is_cut && scratch->start < CF_PATH_LIMIT - 1)
		scratch->start++;
	length = CF_PATH_LIMIT - scratch->start;
	scratch->hash = 0xcbf29ce484222325ULL;
	bpf_loop(length, hash_byte, &walk, 0);
	if (node->name != scratch->hash || node->named_epoch != config->epoch)
		write_name(config, node, scratch, length, task_id);
	return 0;
}

__noinline int cf_name_inode(struct cf_node *node, u64 inode, u64 task_id)
{
	struct cf_config *config = cf_get_config();

	if (!config || !node || node->named_epoch == config->epoch)
		return 0;
	return cf_name(node, cf_dentry_of(inode), 0, task_id);
}

__noinline int cf_name_user(struct cf_node *process, struct cf_node *task, struct cf_node *entity)
{
	struct task_struct *current = bpf_get_current_task_btf();
	struct file *program;

	if (!process || !task || !entity || process->process.tgid != current->tgid || !cf_selects(entity, task, process))
		return 0;
	program = BPF_CORE_READ(current, mm, exe_file);
	if (!program)
		return 0;
	cf_name(process, (u64)BPF_CORE_READ(program, f_path.dentry), (u64)BPF_CORE_READ(program, f_path.mnt), task->id);
	task->name = process->name;
	return 0;
}
