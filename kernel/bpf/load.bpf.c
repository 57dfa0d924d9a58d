// SPDX-License-Identifier: GPL-2.0-only
/* What enters the kernel: modules, firmware, images, policies and certificates; and file systems. */
#include "objects.h"

char LICENSE[] SEC("license") = "GPL";

/* Kinds of files that the kernel reads, and of data that it is given. */
enum { UNKNOWN, FIRMWARE, MODULE, KEXEC_IMAGE, KEXEC_INITRAMFS, POLICY, CERTIFICATE };

static __always_inline u32 load_relation(u32 kind)
{
	switch (kind) {
	case UNKNOWN:
		return CF_LOAD_UNKNOWN;
	case FIRMWARE:
		return CF_LOAD_FIRMWARE;
	case MODULE:
		return CF_LOAD_MODULE;
	case KEXEC_IMAGE:
		return CF_LOAD_KEXEC_IMAGE;
	case KEXEC_INITRAMFS:
		return CF_LOAD_KEXEC_INITRAMFS;
	case POLICY:
		return CF_LOAD_POLICY;
	case CERTIFICATE:
		return CF_LOAD_CERTIFICATE;
	default:
		return CF_LOAD_UNDEFINED;
	}
}

/* task -> machine */
static __always_inline void influence(struct cf_actor *actor, u32 kind)
{
	u32 zero = 0;
	struct cf_machine *machine = bpf_map_lookup_elem(&cf_machine, &zero);
	struct cf_act act = cf_new_act(actor, load_relation(kind), 0);

	if (machine && machine->node.id)
		cf_informs(&act, actor->task, &machine->node, actor->process, actor->process);
}

/* file -> task -> machine, once the kernel has read it. Whether it takes it is not seen. */
SEC("fexit/kernel_read_file")
int BPF_PROG(cf_kernel_read_file, struct file *file, s64 offset, void **buffer, u64 room, u64 *size, u32 kind,
	     long result)
{
	struct cf_actor actor;
	struct cf_node *node;
	struct cf_act act;

	if (result < 0 || !cf_concerns(file->f_inode) || !cf_acts(&actor))
		return 0;
	node = cf_file_inode(&actor, file);
	if (!node || !cf_wants(&actor, node))
		return 0;
	act = cf_new_act(&actor, CF_LOAD_FILE, 0);
	act.has_offset = 1;
	act.offset = offset;
	cf_reads(&act, node, actor.task);
	influence(&actor, kind);
	return 0;
}

/* process -> task -> machine: from memory, as init_module does. CamFlow does not see these. */
CF_HOOK(kernel_load_data)
int BPF_PROG(cf_kernel_load_data, u32 kind, bool contents, int ret)
{
	struct cf_actor actor;

	u32 zero = 0;
	struct cf_machine *machine = bpf_map_lookup_elem(&cf_machine, &zero);
	struct cf_act act;

	if (ret || !machine || !machine->node.id || !(cf_concerns(NULL) || machine->node.flags & CF_TRACKED) ||
	    !cf_acts(&actor))
		return CF_VERDICT(ret);
	act = cf_new_act(&actor, load_relation(kind), 0);
	cf_generates(&act, actor.process, actor.task, &machine->node);
	return CF_VERDICT(ret);
}

/* The file system is there; where it is going to be mounted is not known yet. */
CF_HOOK(sb_kern_mount)
int BPF_PROG(cf_sb_kern_mount, const struct super_block *superblock, int ret)
{
	struct cf_actor actor;
	struct cf_node *node;
	struct cf_act act;

	if (ret || !(cf_concerns(NULL) || cf_object_concerns(superblock)) || !cf_acts(&actor))
		return CF_VERDICT(ret);
	node = cf_older_object(&actor, superblock, CF_NODE_SB, 0);
	if (!node)
		return CF_VERDICT(ret);
	act = cf_new_act(&actor, CF_MOUNT, 0);
	cf_generates(&act, actor.process, actor.task, node);
	return CF_VERDICT(ret);
}

CF_HOOK_AS(sb_free_security, security_sb_free)
int BPF_PROG(cf_sb_free_security, struct super_block *superblock)
{
	cf_end_object(superblock);
	return 0;
}
