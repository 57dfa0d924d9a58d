// SPDX-License-Identifier: GPL-2.0-only
/*
 * What moves between files without going through a process's memory, and what pipes are made of. All when it is over.
 * What goes in or out of pipes here is checked by nobody, and so seen by no other hook.
 */
#include "objects.h"

char LICENSE[] SEC("license") = "GPL";

/* What something recorded came from or went to has a name as well, even where it is not itself what somebody tracks. */
static __always_inline void name_other(const struct cf_actor *actor, struct cf_node *wanted, struct cf_node *other,
				       u64 address)
{
	struct cf_config *config = cf_get_config();

	if (config && other->named_epoch != config->epoch && cf_is_nameable(other) && cf_wants(actor, wanted))
		cf_name_by_file(actor, other, (struct file *)address);
}

/* from -> to, and with the task that did it: pipe -> task -> process, process -> task -> to. */
static __always_inline void transfer(u64 from, u64 to, u32 relation, u64 flags, long moved)
{
	struct cf_actor actor;
	struct cf_node *source, *target;
	struct cf_act act;

	if (moved <= 0 || !from || !to || !(cf_file_concerns(from) || cf_file_concerns(to)) || !cf_acts(&actor))
		return;
	source = cf_file_at(&actor, from);
	target = cf_file_at(&actor, to);
	if (!source || !target)
		return;
	name_other(&actor, source, target, to);
	name_other(&actor, target, source, from);
	act = cf_new_act(&actor, CF_READ, flags);
	/* That a file is read is seen where that is asked for. */
	if (source->type == CF_NODE_PIPE)
		cf_uses(&act, source, actor.task, actor.process);
	act.relation = relation;
	cf_derives(&act, source, target, actor.task, actor.process);
	act.relation = CF_SPLICE_OUT;
	cf_generates(&act, actor.process, actor.task, target);
}

SEC("fexit/do_splice")
int BPF_PROG(cf_do_splice, struct file *in, s64 *in_offset, struct file *out, s64 *out_offset, u64 length, u32 flags,
	     long moved)
{
	transfer(cf_address(in), cf_address(out), CF_SPLICE, flags, moved);
	return 0;
}

SEC("fexit/do_tee")
int BPF_PROG(cf_do_tee, struct file *in, struct file *out, u64 length, u32 flags, long copied)
{
	transfer(cf_address(in), cf_address(out), CF_TEE, flags, copied);
	return 0;
}

SEC("fexit/do_sendfile")
int BPF_PROG(cf_do_sendfile, int out, int in, s64 *offset, u64 count, s64 most, long moved)
{
	if (moved > 0)
		transfer(cf_open_file(in), cf_open_file(out), CF_SENDFILE, 0, moved);
	return 0;
}

SEC("fexit/vfs_copy_file_range")
int BPF_PROG(cf_vfs_copy_file_range, struct file *in, s64 in_offset, struct file *out, s64 out_offset, u64 length,
	     u32 flags, long copied)
{
	transfer(cf_address(in), cf_address(out), CF_COPY_FILE_RANGE, flags, copied);
	return 0;
}

/* Between a process's memory and a pipe: which way, the pipe's end tells. */
static __always_inline void vmsplice(u32 number, long moved)
{
	struct file *file;
	struct cf_actor actor;
	struct cf_node *node;
	struct cf_act act;

	if (moved <= 0)
		return;
	file = (struct file *)cf_open_file(number);
	if (!file || !cf_file_concerns((u64)file) || !cf_acts(&actor))
		return;
	node = cf_file_at(&actor, (u64)file);
	if (!node)
		return;
	act = cf_new_act(&actor, CF_SPLICE_OUT, 0);
	if (BPF_CORE_READ(file, f_mode) & FMODE_WRITE) {
		cf_generates(&act, actor.process, actor.task, node);
	} else {
		act.relation = CF_READ;
		cf_uses(&act, node, actor.task, actor.process);
	}
}

SEC("fexit/__x64_sys_vmsplice")
int BPF_PROG(cf_vmsplice, const struct pt_regs *registers, long moved)
{
	vmsplice(registers->di, moved);
	return 0;
}

SEC("fexit/__ia32_sys_vmsplice")
int BPF_PROG(cf_compat_vmsplice, const struct pt_regs *registers, long moved)
{
	/* The first argument of 32-bit system calls. */
	vmsplice(BPF_CORE_READ((struct pt_regs *)cf_address(registers), bx), moved);
	return 0;
}

/* Both ends are one inode. */
SEC("fexit/create_pipe_files")
int BPF_PROG(cf_create_pipe_files, struct file **ends, int flags, int result)
{
	struct cf_actor actor;
	struct cf_node *node;
	struct cf_act act;
	u64 first = 0, file = 0;

	if (result || !cf_concerns(NULL) || !cf_acts(&actor))
		return 0;
	/* The verifier takes no pointer to pointers from its context. */
	bpf_get_func_arg(ctx, 0, &first);
	bpf_probe_read_kernel(&file, sizeof(file), (void *)first);
	node = file ? cf_file_at(&actor, file) : NULL;
	if (!node)
		return 0;
	act = cf_new_act(&actor, CF_INODE_CREATE, node->inode.mode);
	cf_generates(&act, actor.process, actor.task, node);
	return 0;
}
