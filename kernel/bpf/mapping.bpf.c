// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files mapped shared: what a process does with their pages is not seen, so whatever it got to know may be in those
 * that it can write, and whatever it makes may come from those that it can read. Processes without any, as nearly all
 * are, cost one flag of theirs; what they do is looked at as that of others is, unless one of their files is tracked.
 */
#include "state.h"

char LICENSE[] SEC("license") = "GPL";

#define VM_READ 1
#define VM_WRITE 2
#define VM_EXEC 4
#define VM_MAYWRITE 0x20
/* VM_SHARED is taken away where the file was not opened to be written, or the segment is attached to be read. */
#define VM_MAYSHARE 0x80

#define MREMAP_DONTUNMAP 4

#define PAGE 4096ULL

/* Too large a number to be an address: the kernel's answers to what failed. */
#define LAST_ADDRESS (~0ULL - 4095)

/* Parts of a mapping that are looked for where its start is gone, or it is in pieces. */
#define PARTS 32

/* What the looks along one mapping are given, and find. */
struct look {
	u64 address;	/* where to look next */
	u64 end;
	u64 step;	/* over what is not there */
	u64 inode;	/* 0: not known yet */
	u64 start;	/* of the first part that is there; `end`: none */
	u64 flags;	/* of all of them; 0: other files are there now, or none */
	u64 is_busy;
};

static long look_at(struct task_struct *task, struct vm_area_struct *area, struct look *look)
{
	u64 inode = area->vm_file ? (u64)BPF_CORE_READ(area, vm_file, f_inode) : 0;

	look->address = area->vm_end;
	if (!look->inode)
		look->inode = inode;
	if (!inode || inode != look->inode)
		return 0;
	look->flags |= area->vm_flags;
	if (area->vm_start < look->start)
		look->start = area->vm_start;
	return 0;
}

static long look_along(u32 index, struct look *look)
{
	u64 address = look->address;
	long result;

	if (address >= look->end)
		return 1;
	result = bpf_find_vma(bpf_get_current_task_btf(), address, look_at, look, 0);
	if (!result)
		return 0;
	look->address = address + look->step;
	if (result == -ENOENT)
		return 0;
	look->is_busy = 1;
	return 1;
}

/*
 * What a mapping allows now: it may be gone or changed, in part or as a whole. Where the kernel is busy with it, what it
 * allowed at first. Memory that is shared without a file being named has one too, from when it is mapped on.
 */
__noinline u64 cf_mapping_flags(struct cf_mapping *mapping)
{
	struct look look = {};

	if (!mapping)
		return 0;
	look.address = mapping->start;
	look.end = look.start = mapping->end;
	look.step = ((look.end - look.address) / PARTS + PAGE) & ~(PAGE - 1);
	look.inode = mapping->inode;
	bpf_loop(PARTS, look_along, &look, 0);
	if (look.is_busy)
		return mapping->flags;
	if (!mapping->inode)
		mapping->inode = look.inode;
	if (look.start > mapping->start && look.start < mapping->end)
		mapping->start = look.start;
	return look.flags;
}

/* The state of a file that is mapped shared: if it becomes tracked, those who have it mapped must hear of it. */
static __always_inline struct cf_node *mapped_inode(u64 inode)
{
	struct cf_node *node = cf_inode((struct inode *)inode);

	if (node && !(node->flags & CF_MAPPED))
		__sync_fetch_and_or(&node->flags, CF_MAPPED);
	return node;
}

static __always_inline void tell_if_tracked(const struct cf_node *node)
{
	if (node && *(volatile u32 *)&node->flags & CF_TRACKED)
		cf_change_mapped();
}

/* The node of the file that a mapping is of, if that is still the one that was mapped. */
static __always_inline struct cf_node *mapped_file(struct cf_mapping *mapping)
{
	struct cf_node *node;

	if (mapping->id || !mapping->inode) {
		node = bpf_map_lookup_elem(&cf_inodes, &mapping->inode);
		return node && node->id == mapping->id ? node : NULL;
	}
	node = mapped_inode(mapping->inode);
	if (node)
		mapping->id = node->id;
	tell_if_tracked(node);
	return node;
}

/* Nobody may have asked for its name when it was opened. Memory that is shared without a file has none. */
static __always_inline bool lacks_name(const struct cf_mapping *mapping, const struct cf_node *node)
{
	struct cf_config *config = cf_get_config();
	struct inode *inode = (struct inode *)mapping->inode;

	return config && node->named_epoch != config->epoch && !(BPF_CORE_READ(inode, i_flags) & CF_PRIVATE_INODE) &&
	       cf_dentry_of(mapping->inode);
}

/* What remembers that the version of a file that is there now was read. */
static __always_inline u64 version_key(const struct cf_node *node)
{
	return cf_compression_key(node->id, *(volatile u64 *)&node->step >> 1, CF_SH_READ);
}

/* By whom, and in which epoch. */
static __always_inline u64 reader_key(const struct cf_config *config, const struct cf_node *process)
{
	return (process->id ^ (u64)config->epoch << 40) * 0x9e3779b97f4a7c15ULL;
}

/*
 * Most files that are mapped only to be read never change: what was read of them need not be said with every write.
 * What is said of such a file may be newer than that.
 */
static __always_inline bool has_read(const struct cf_config *config, const struct cf_mapping *mapping,
				     const struct cf_node *node, const struct cf_node *process)
{
	return mapping->read == (version_key(node) ^ reader_key(config, process)) &&
	       !(config->modes & (CF_KEEP_VERSIONS | CF_KEEP_EDGES)) &&
	       !(node->flags & CF_TRACKING & ~process->flags) && !(node->taint & ~process->taint);
}

/* Not what was left out, nor where there is another version of the file by now. */
static __always_inline void note_reading(const struct cf_config *config, struct cf_mapping *mapping,
					 const struct cf_node *node, const struct cf_node *process)
{
	u64 key = version_key(node);

	if (process->previous == key)
		mapping->read = key ^ reader_key(config, process);
}

static __always_inline int relate(struct cf_node *process, struct cf_node *task, bool writes)
{
	struct cf_act act = {};
	struct task_struct *current = bpf_get_current_task_btf();
	struct cf_config *config = cf_get_config();
	u64 mm = cf_address(current->mm);
	struct cf_mappings *mappings;

	if (!config || !process || !task || process->process.tgid != current->tgid)
		return 0;
	mappings = mm ? bpf_map_lookup_elem(&cf_mappings, &mm) : NULL;
	if (!mappings) {
		/* It never had any, or executed something and has other memory now. */
		cf_unflag(process, CF_SHARES);
		if (mm && bpf_map_lookup_elem(&cf_mappings, &mm))
			cf_flag(process, CF_SHARES, 0);
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
		gone = !(flags & VM_MAYSHARE);
		node = mapped_file(mapping);
		/* Until just now it could be read. */
		if (gone) {
			mapping->start = 0;
			mappings->tracked = 0;
			flags = mapping->flags;
		}
		if (!node || !cf_selects(node, task, process))
			continue;
		if (lacks_name(mapping, node))
			mappings->unnamed = 1;
		act.flags = flags;
		if ((gone || !writes) && flags & (VM_READ | VM_EXEC) &&
		    (writes || !has_read(config, mapping, node, process))) {
			act.relation = CF_SH_READ;
			cf_relate(&act, node, process);
			if (!writes)
				note_reading(config, mapping, node, process);
		}
		if (!gone && writes && flags & VM_WRITE) {
			act.relation = CF_SH_WRITE;
			cf_relate(&act, process, node);
		}
	}
	return mappings->unnamed;
}

__noinline int cf_write_mappings(struct cf_node *process, struct cf_node *task)
{
	return relate(process, task, true);
}

__noinline int cf_read_mappings(struct cf_node *process, struct cf_node *task)
{
	return relate(process, task, false);
}

__noinline int cf_name_mappings(struct cf_node *process, struct cf_node *task)
{
	u64 mm = cf_address(bpf_get_current_task_btf()->mm);
	struct cf_mappings *mappings = mm ? bpf_map_lookup_elem(&cf_mappings, &mm) : NULL;

	if (!mappings || !process || !task)
		return 0;
	mappings->unnamed = 0;
	for (u32 i = 0; i < CF_MAPPINGS; i++) {
		struct cf_mapping *mapping = &mappings->mapping[i];
		struct cf_node *node = mapping->start ? mapped_file(mapping) : NULL;

		/* Not by cf_name_inode: that is one more on the stack. */
		if (node && lacks_name(mapping, node) && cf_selects(node, task, process))
			cf_name(node, cf_dentry_of(mapping->inode), 0, task->id);
	}
	return 0;
}

__noinline int cf_maps_tracked(void)
{
	struct cf_ids *ids = cf_get_ids();
	u64 mm = cf_address(bpf_get_current_task_btf()->mm);
	struct cf_mappings *mappings = mm ? bpf_map_lookup_elem(&cf_mappings, &mm) : NULL;
	u64 now, known, tracked = 0;

	if (!mappings || !ids)
		return 0;
	/* First: what changes while this looks is looked for again. */
	now = (u64)*(volatile u32 *)&ids->mapped << 1;
	known = mappings->tracked;
	if ((known & ~1ULL) == now)
		return known & 1;
	for (u32 i = 0; i < CF_MAPPINGS; i++) {
		struct cf_mapping *mapping = &mappings->mapping[i];
		struct cf_node *node;

		if (!mapping->start)
			continue;
		/* Where that is not to be had now, it may be one that is tracked. */
		if (!mapping->inode && cf_mapping_flags(mapping) & VM_MAYSHARE && !mapping->inode)
			return 1;
		node = bpf_map_lookup_elem(&cf_inodes, &mapping->inode);
		if (node && node->inode.said != ids->said)
			cf_hear(node);
		if (node && node->flags & CF_TRACKED)
			tracked = 1;
	}
	mappings->tracked = now | tracked;
	return tracked;
}

static __always_inline void fill(struct cf_mapping *mapping, u64 inode, const struct cf_node *node, u64 flags)
{
	mapping->inode = inode;
	mapping->id = node ? node->id : 0;
	mapping->flags = flags;
}

static __always_inline void put(struct cf_mapping *mapping, u64 inode, const struct cf_node *node, u64 start, u64 end,
				u64 flags)
{
	fill(mapping, inode, node, flags);
	mapping->end = end;
	mapping->start = start;
	tell_if_tracked(node);
}

/*
 * Takes a mapping down: where it is known in part, there, else in a free place, else, if it can be written, in that of one
 * that cannot be.
 */
__noinline int cf_keep_mapping(u64 mm, u64 inode, u64 start, u64 end, u64 flags)
{
	static const struct cf_mappings none;
	struct cf_mappings *mappings = bpf_map_lookup_elem(&cf_mappings, &mm);
	struct cf_node *node = inode ? mapped_inode(inode) : NULL;

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

		if (!mapping->start || mapping->inode != inode || start >= mapping->end || end <= mapping->start)
			continue;
		fill(mapping, inode, node, flags);
		if (start < mapping->start)
			mapping->start = start;
		if (end > mapping->end)
			mapping->end = end;
		tell_if_tracked(node);
		return 0;
	}
	for (u32 i = 0; i < CF_MAPPINGS; i++) {
		struct cf_mapping *mapping = &mappings->mapping[i];

		if (mapping->start && mapping->start != start)
			continue;
		put(mapping, inode, node, start, end, flags);
		return 0;
	}
	__sync_fetch_and_add(&mappings->left_out, 1);
	if (!(flags & VM_MAYWRITE))
		return 0;
	for (u32 i = 0; i < CF_MAPPINGS; i++) {
		struct cf_mapping *mapping = &mappings->mapping[i];

		if (mapping->flags & VM_MAYWRITE)
			continue;
		put(mapping, inode, node, start, end, flags);
		return 0;
	}
	return 0;
}

/* A process without a node will have this flag from the start. */
static __always_inline void note_sharing(const struct cred *cred)
{
	struct cf_node *process = bpf_map_lookup_elem(&cf_creds, &cred);

	if (process)
		cf_flag(process, CF_SHARES, 0);
}

/*
 * What the process knew before may be in it from now on. Taken down of everybody: process and file may become tracked
 * while it is mapped.
 */
SEC("fexit/mmap_region")
int BPF_PROG(cf_mmap_region, struct file *file, u64 address, u64 length, u64 flags, u64 page, void *list, u64 result)
{
	struct task_struct *current = bpf_get_current_task_btf();
	struct cf_config *config = cf_get_config();
	struct cf_actor actor;
	u64 inode = 0;

	if (!(flags & VM_MAYSHARE) || result > LAST_ADDRESS || !config || !config->enabled ||
	    current->tgid == config->recorder)
		return 0;
	if (file)
		inode = cf_address(file->f_inode);
	cf_keep_mapping(cf_address(current->mm), inode, result, result + length, flags);
	note_sharing(current->real_cred);
	if (flags & VM_WRITE && cf_concerns(NULL) && cf_acts(&actor) && cf_wants(&actor, actor.process))
		cf_write_mappings(actor.process, actor.task);
	return 0;
}

/*
 * A mapping is somewhere else, or longer. Of `length` 0 it is there twice then, as it is where it may stay or only a part
 * of it was moved.
 */
__noinline int cf_move_mapping(u64 from, u64 length, u64 to, u64 new_length, u64 flags)
{
	u64 mm = cf_address(bpf_get_current_task_btf()->mm);
	struct cf_mappings *mappings = mm ? bpf_map_lookup_elem(&cf_mappings, &mm) : NULL;
	u64 end = to + ((new_length + PAGE - 1) & ~(PAGE - 1));

	if (!mappings || to > LAST_ADDRESS)
		return 0;
	for (u32 i = 0; i < CF_MAPPINGS; i++) {
		struct cf_mapping *mapping = &mappings->mapping[i];

		if (!mapping->start || from < mapping->start || from >= mapping->end)
			continue;
		if (from == to) {
			if (end > mapping->end)
				mapping->end = end;
		} else if (from == mapping->start && from + length >= mapping->end && !(flags & MREMAP_DONTUNMAP)) {
			mapping->end = end;
			mapping->start = to;
		} else {
			cf_keep_mapping(mm, mapping->inode, to, end, mapping->flags);
		}
	}
	return 0;
}

SEC("fexit/__x64_sys_mremap")
int BPF_PROG(cf_mremap, const struct pt_regs *registers, u64 result)
{
	cf_move_mapping(registers->di, registers->si, result, registers->dx, registers->r10);
	return 0;
}

SEC("fexit/__ia32_sys_mremap")
int BPF_PROG(cf_compat_mremap, const struct pt_regs *registers, u64 result)
{
	struct pt_regs *saved = (struct pt_regs *)cf_address(registers);

	/* The four first arguments of 32-bit system calls. */
	cf_move_mapping(BPF_CORE_READ(saved, bx), BPF_CORE_READ(saved, cx), result, BPF_CORE_READ(saved, dx),
			BPF_CORE_READ(saved, si));
	return 0;
}

/* A child has its parent's mappings, unless it has its parent's memory. */
SEC("tp_btf/sched_process_fork")
int BPF_PROG(cf_fork_mappings, struct task_struct *parent, struct task_struct *child)
{
	u64 from = cf_address(parent->mm), to = cf_address(child->mm);
	struct cf_mappings *mappings = from ? bpf_map_lookup_elem(&cf_mappings, &from) : NULL;

	if (!mappings || !to)
		return 0;
	if (from != to && bpf_map_update_elem(&cf_mappings, &to, mappings, BPF_ANY))
		cf_count_state_failure();
	note_sharing(child->real_cred);
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
	struct inode *inode;

	if (!task || !area || !config || !config->enabled || task->tgid == config->recorder)
		return 0;
	if (!(area->vm_flags & VM_MAYSHARE) || !area->vm_file)
		return 0;
	inode = area->vm_file->f_inode;
	if (!inode)
		return 0;
	cf_keep_mapping(cf_address(area->vm_mm), cf_address(inode), area->vm_start, area->vm_end, area->vm_flags);
	note_sharing(task->real_cred);
	return 0;
}
