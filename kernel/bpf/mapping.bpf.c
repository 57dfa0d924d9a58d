// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files mapped shared: what a process does with their pages is not seen, so whatever it got to know may be in those
 * that it can write, and whatever it makes may come from those that it can read. Processes without any, as nearly all
 * are, cost one flag of theirs.
 */
#include "state.h"

char LICENSE[] SEC("license") = "GPL";

#define VM_READ 1
#define VM_WRITE 2
#define VM_EXEC 4
#define VM_SHARED 8

/* Too large a number to be an address: the kernel's answers to what failed. */
#define LAST_ADDRESS (~0ULL - 4095)

/* What the look at one mapping is given, and finds. */
struct look {
	u64 inode;	/* 0: not known yet */
	u64 flags;	/* 0: another file is there now, or none */
};

static long look_at(struct task_struct *task, struct vm_area_struct *area, struct look *look)
{
	u64 inode = area->vm_file ? (u64)BPF_CORE_READ(area, vm_file, f_inode) : 0;

	if (!look->inode)
		look->inode = inode;
	if (inode && inode == look->inode)
		look->flags = area->vm_flags;
	return 0;
}

/*
 * What a mapping allows now: it may be gone or changed. Where the kernel is busy with it, what it allowed at first.
 * Memory that is shared without a file being named has one too, from when it is mapped on.
 */
__noinline u64 cf_mapping_flags(struct cf_mapping *mapping)
{
	struct look look = {};
	long result;

	if (!mapping)
		return 0;
	look.inode = mapping->inode;
	result = bpf_find_vma(bpf_get_current_task_btf(), mapping->start, look_at, &look, 0);
	if (result)
		return result == -ENOENT ? 0 : mapping->flags;
	if (!mapping->inode)
		mapping->inode = look.inode;
	return look.flags;
}

/* The node of the file that a mapping is of, if that is still the one that was mapped. */
static __always_inline struct cf_node *mapped_file(struct cf_mapping *mapping)
{
	struct cf_node *node;

	if (mapping->id || !mapping->inode) {
		node = bpf_map_lookup_elem(&cf_inodes, &mapping->inode);
		return node && node->id == mapping->id ? node : NULL;
	}
	node = cf_inode((struct inode *)mapping->inode);
	if (node)
		mapping->id = node->id;
	return node;
}

static __always_inline int relate(struct cf_node *process, struct cf_node *task, bool writes)
{
	struct cf_act act = {};
	struct task_struct *current = bpf_get_current_task_btf();
	u64 mm = cf_address(current->mm);
	struct cf_mappings *mappings;

	if (!process || !task || process->process.tgid != current->tgid)
		return 0;
	mappings = mm ? bpf_map_lookup_elem(&cf_mappings, &mm) : NULL;
	if (!mappings) {
		/* It executed something, and has other memory now. */
		cf_unflag(process, CF_SHARES);
		return 0;
	}
	act.task_id = task->id;
	/* Those of processes that nobody records are missing to nobody. */
	if (mappings->left_out && cf_selects(process, task, process))
		cf_count_state_failures(__sync_fetch_and_and(&mappings->left_out, 0));
	for (u32 i = 0; i < CF_MAPPINGS; i++) {
		struct cf_mapping *mapping = &mappings->mapping[i];
		struct cf_node *node;
		u64 flags;
		bool gone;

		if (!mapping->start)
			continue;
		flags = cf_mapping_flags(mapping);
		gone = !(flags & VM_SHARED);
		node = mapped_file(mapping);
		/* Until just now it could be read. */
		if (gone) {
			mapping->start = 0;
			flags = mapping->flags;
		}
		if (!node || !cf_selects(node, task, process))
			continue;
		act.flags = flags;
		if ((gone || !writes) && flags & (VM_READ | VM_EXEC)) {
			act.relation = CF_SH_READ;
			cf_relate(&act, node, process);
		}
		if (!gone && writes && flags & VM_WRITE) {
			act.relation = CF_SH_WRITE;
			cf_relate(&act, process, node);
		}
	}
	return 0;
}

__noinline int cf_write_mappings(struct cf_node *process, struct cf_node *task)
{
	return relate(process, task, true);
}

__noinline int cf_read_mappings(struct cf_node *process, struct cf_node *task)
{
	return relate(process, task, false);
}

/* Takes a mapping down, in a free place. */
__noinline int cf_keep_mapping(u64 mm, u64 inode, u64 start, u64 flags)
{
	static const struct cf_mappings none;
	struct cf_mappings *mappings = bpf_map_lookup_elem(&cf_mappings, &mm);
	struct cf_node *node = inode ? cf_inode((struct inode *)inode) : NULL;

	if (!mappings) {
		bpf_map_update_elem(&cf_mappings, &mm, &none, BPF_NOEXIST);
		mappings = bpf_map_lookup_elem(&cf_mappings, &mm);
	}
	if (!mappings) {
		cf_count_state_failure();
		return 0;
	}
	for (u32 i = 0; i < CF_MAPPINGS; i++) {
		struct cf_mapping *mapping = &mappings->mapping[i];

		if (mapping->start && mapping->start != start)
			continue;
		mapping->inode = inode;
		mapping->id = node ? node->id : 0;
		mapping->flags = flags;
		mapping->start = start;
		return 0;
	}
	__sync_fetch_and_add(&mappings->left_out, 1);
	return 0;
}

/* What the process knew before may be in it from now on. */
SEC("fexit/mmap_region")
int BPF_PROG(cf_mmap_region, struct file *file, u64 address, u64 length, u64 flags, u64 page, void *list, u64 result)
{
	struct cf_actor actor;
	u64 inode = 0;

	if (!(flags & VM_SHARED) || result > LAST_ADDRESS || !cf_acts(&actor))
		return 0;
	if (file)
		inode = cf_address(file->f_inode);
	cf_keep_mapping(cf_address(bpf_get_current_task_btf()->mm), inode, result, flags);
	cf_flag(actor.process, CF_SHARES, 0);
	if (flags & VM_WRITE && cf_wants(&actor, actor.process))
		cf_write_mappings(actor.process, actor.task);
	return 0;
}

/* A child has its parent's mappings, unless it has its parent's memory. */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(cf_fork_mappings, struct task_struct *parent, struct task_struct *child)
{
	u64 from = cf_address(parent->mm), to = cf_address(child->mm);
	struct cf_mappings *mappings;
	struct cf_node *process;

	mappings = from ? bpf_map_lookup_elem(&cf_mappings, &from) : NULL;
	if (!mappings || !to)
		return 0;
	if (from != to && bpf_map_update_elem(&cf_mappings, &to, mappings, BPF_ANY))
		cf_count_state_failure();
	process = cf_process(child->real_cred, child->tgid);
	if (process)
		cf_flag(process, CF_SHARES, 0);
	return 0;
}

SEC("fentry/exit_mmap")
int BPF_PROG(cf_exit_mmap, struct mm_struct *mm)
{
	u64 key = cf_address(mm);

	bpf_map_delete_elem(&cf_mappings, &key);
	return 0;
}

/* What was mapped before capture was enabled. */
SEC("iter/task_vma")
int cf_iter_mappings(struct bpf_iter__task_vma *context)
{
	struct task_struct *task = context->task;
	struct vm_area_struct *area = context->vma;
	struct cf_config *config = cf_get_config();
	struct cf_node *process;
	struct inode *inode;

	if (!task || !area || !config || !config->enabled || task->tgid == config->recorder)
		return 0;
	if (!(area->vm_flags & VM_SHARED) || !area->vm_file)
		return 0;
	inode = area->vm_file->f_inode;
	if (!inode)
		return 0;
	cf_keep_mapping(cf_address(area->vm_mm), cf_address(inode), area->vm_start, area->vm_flags);
	process = cf_process(task->real_cred, task->tgid);
	if (process)
		cf_flag(process, CF_SHARES, 0);
	return 0;
}
