// SPDX-License-Identifier: GPL-2.0-only
/* What is asked of a file without opening it, and done to an open one besides reading and writing. */
#include "objects.h"

char LICENSE[] SEC("license") = "GPL";

CF_HOOK(inode_getattr)
int BPF_PROG(cf_inode_getattr, const struct path *path, int ret)
{
	struct cf_actor actor;
	struct inode *inode;
	struct cf_node *node;
	struct cf_act act;

	if (ret)
		return CF_VERDICT(ret);
	inode = path->dentry->d_inode;
	if (!cf_concerns(inode) || !cf_acts(&actor))
		return CF_VERDICT(ret);
	if (!inode || cf_is_private(inode))
		return CF_VERDICT(ret);
	node = cf_current_inode(inode);
	if (!node)
		return CF_VERDICT(ret);
	if (cf_wants_name(&actor, node))
		cf_name(node, cf_address(path->dentry), cf_address(path->mnt), actor.task->id);
	act = cf_new_act(&actor, CF_GETATTR, 0);
	cf_uses(&act, node, actor.task, actor.process);
	return CF_VERDICT(ret);
}

CF_HOOK(inode_readlink)
int BPF_PROG(cf_inode_readlink, struct dentry *dentry, int ret)
{
	struct cf_actor actor;
	struct cf_node *node;
	struct cf_act act;

	if (ret || !cf_concerns(dentry->d_inode) || !cf_acts(&actor))
		return CF_VERDICT(ret);
	node = cf_plain_inode(&actor, dentry->d_inode);
	if (!node)
		return CF_VERDICT(ret);
	act = cf_new_act(&actor, CF_READ_LINK, 0);
	cf_uses(&act, node, actor.task, actor.process);
	return CF_VERDICT(ret);
}

/* What a file does with a command is its driver's business: it may take, give, or both. */
static __always_inline void control(u32 number, u32 command, long result)
{
	struct cf_actor actor;
	struct cf_node *node;
	struct cf_act act;
	u64 file;

	if (result < 0)
		return;
	file = cf_open_file(number);
	if (!file || !cf_file_concerns(file) || !cf_acts(&actor))
		return;
	node = cf_file_at(&actor, file);
	if (!node)
		return;
	act = cf_new_act(&actor, CF_WRITE_IOCTL, command);
	cf_generates(&act, actor.process, actor.task, node);
	act.relation = CF_READ_IOCTL;
	cf_uses(&act, node, actor.task, actor.process);
}

/* When it is over, as most programs first ask whether what they write to is a terminal. */
SEC("fexit/__x64_sys_ioctl")
int BPF_PROG(cf_ioctl, const struct pt_regs *registers, long result)
{
	control(registers->di, registers->si, result);
	return 0;
}

SEC("fexit/__ia32_compat_sys_ioctl")
int BPF_PROG(cf_compat_ioctl, const struct pt_regs *registers, long result)
{
	struct pt_regs *saved = (struct pt_regs *)cf_address(registers);

	/* The two first arguments of 32-bit system calls. */
	control(BPF_CORE_READ(saved, bx), BPF_CORE_READ(saved, cx), result);
	return 0;
}

/* Asked for; whether and when it was got is not seen. */
CF_HOOK(file_lock)
int BPF_PROG(cf_file_lock, struct file *file, unsigned int command, int ret)
{
	struct cf_actor actor;
	struct cf_node *node;
	struct cf_act act;

	if (ret || !cf_concerns(file->f_inode) || !cf_acts(&actor))
		return CF_VERDICT(ret);
	node = cf_file_inode(&actor, file);
	if (!node)
		return CF_VERDICT(ret);
	act = cf_new_act(&actor, CF_FILE_LOCK, command);
	act.has_offset = 1;
	act.offset = file->f_pos;
	cf_generates(&act, actor.process, actor.task, node);
	return CF_VERDICT(ret);
}

/* A file tells its owner that something can be read or written. In any context: who is current has no part in it. */
CF_HOOK(file_send_sigiotask)
int BPF_PROG(cf_file_send_sigiotask, struct task_struct *task, struct fown_struct *owner, int signal, int ret)
{
	struct cf_config *config = cf_get_config();
	struct cf_actor target;
	struct file *file;
	struct inode *inode;
	struct cf_node *node;
	struct cf_act act;

	if (ret || !config || !config->enabled)
		return CF_VERDICT(ret);
	if (bpf_core_field_exists(owner->file))
		file = (struct file *)BPF_CORE_READ((struct fown_struct *)cf_address(owner), file);
	else
		file = (struct file *)(cf_address(owner) - (u64)&((struct file *)0)->f_owner);
	inode = BPF_CORE_READ(file, f_inode);
	if (!inode || !(cf_looks_at_all(config) || cf_task_concerns(task) || cf_inode_concerns(inode)) ||
	    !cf_target(&target, task))
		return CF_VERDICT(ret);
	node = cf_inode(inode);
	if (!node)
		return CF_VERDICT(ret);
	act = cf_new_act(&target, CF_FILE_SIGIO, signal ? signal : 29);
	act.has_offset = 1;
	act.offset = BPF_CORE_READ(file, f_pos);
	cf_uses(&act, node, target.task, target.process);
	return CF_VERDICT(ret);
}
