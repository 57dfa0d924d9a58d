// SPDX-License-Identifier: GPL-2.0-only
/* The state of objects, made when they are first seen. */
#include "record.h"
#include "flag.h"
#include "policy.h"

char LICENSE[] SEC("license") = "GPL";

static __always_inline u64 inode_type(umode_t mode)
{
	switch (mode & 0170000) {
	case 0120000:
		return CF_NODE_LINK;
	case 0100000:
		return CF_NODE_FILE;
	case 0040000:
		return CF_NODE_DIRECTORY;
	case 0020000:
		return CF_NODE_CHAR;
	case 0060000:
		return CF_NODE_BLOCK;
	case 0010000:
		return CF_NODE_PIPE;
	case 0140000:
		return CF_NODE_SOCKET;
	default:
		return CF_NODE_INODE;
	}
}

__noinline int cf_begin_inode(u64 address)
{
	struct inode *inode = (struct inode *)address;
	struct cf_node node = { .id = cf_new_id() };
	struct cf_ids *ids = cf_get_ids();
	struct cf_file_key key = {};
	struct cf_file *file;

	node.inode.mode = BPF_CORE_READ(inode, i_mode);
	node.type = inode_type(node.inode.mode);
	node.uid = BPF_CORE_READ(inode, i_uid.val);
	node.gid = BPF_CORE_READ(inode, i_gid.val);
	node.inode.ino = BPF_CORE_READ(inode, i_ino);
	BPF_CORE_READ_INTO(&node.inode.uuid, inode, i_sb, s_uuid.b);
	node.inode.device = key.device = BPF_CORE_READ(inode, i_sb, s_dev);
	node.inode.generation = key.generation = BPF_CORE_READ(inode, i_generation);
	node.sieve = cf_inode_number(key.device, node.inode.ino);
	node.inode.said = ids ? *(volatile u32 *)&ids->said : 0;
	if (cf_in_sieve(node.sieve) && cf_is_kept(&node)) {
		key.ino = node.inode.ino;
		file = bpf_map_lookup_elem(&cf_files, &key);
		if (file) {
			node.flags = file->flags;
			node.taint = file->taint;
		}
	}
	/* Another CPU may have been first: then its state holds. */
	if (bpf_map_update_elem(&cf_inodes, &address, &node, BPF_NOEXIST) && !bpf_map_lookup_elem(&cf_inodes, &address))
		cf_count_state_failure();
	return 0;
}

__noinline int cf_begin_process(u64 address, u32 tgid, u32 flags, u64 taint)
{
	struct cred *cred = (struct cred *)address;
	struct cf_node node = { .id = cf_new_id(), .type = CF_NODE_PROCESS };

	node.uid = BPF_CORE_READ(cred, uid.val);
	node.gid = BPF_CORE_READ(cred, gid.val);
	node.process.tgid = tgid;
	node.secid = cf_secid(address);
	node.sieve = cf_number_of(address);
	node.flags = flags;
	node.taint = taint;
	if (flags & CF_SIEVED)
		cf_sieve_add(node.sieve);
	if (!bpf_map_update_elem(&cf_creds, &address, &node, BPF_NOEXIST))
		return 0;
	if (flags & CF_SIEVED)
		cf_sieve_remove(node.sieve);
	if (!bpf_map_lookup_elem(&cf_creds, &address))
		cf_count_state_failure();
	return 0;
}

__noinline int cf_begin_object(u64 address, u64 type, u64 detail, u32 uid, u32 gid)
{
	struct cf_node node = { .id = cf_new_id(), .type = type, .uid = uid, .gid = gid };

	node.sieve = cf_number_of(address);
	switch (type) {
	case CF_NODE_MSG:
		node.message.kind = detail;
		break;
	case CF_NODE_SHM:
		node.segment.mode = detail;
		break;
	case CF_NODE_SB:
		BPF_CORE_READ_INTO(&node.inode.uuid, (struct super_block *)address, s_uuid.b);
		break;
	}
	if (bpf_map_update_elem(&cf_objects, &address, &node, BPF_NOEXIST) && !bpf_map_lookup_elem(&cf_objects, &address))
		cf_count_state_failure();
	return 0;
}

/* Each end that has no sender yet is counted, and only that. */
__noinline int cf_begin_end(struct cf_end *end)
{
	struct cf_scratch *scratch = cf_get_scratch();
	struct cf_stats *stats = cf_get_stats();
	/* Of its own: the verifier of 6.1 takes no key that came as an argument. */
	struct cf_end own;

	if (!end || !scratch || !stats)
		return 0;
	own = *end;
	if (!bpf_map_update_elem(&cf_sent, &own, &scratch->node, BPF_NOEXIST))
		__sync_fetch_and_add(&stats->senders_kept, 1);
	else if (bpf_map_update_elem(&cf_sent, &own, &scratch->node, BPF_EXIST))
		cf_count_state_failure();
	return 0;
}

/* Also of one that has begun, and has other numbers now. */
__noinline int cf_begin_task(struct cf_task *state, u64 address)
{
	struct task_struct *task = (struct task_struct *)address;
	struct nsproxy *nsproxy = BPF_CORE_READ(task, nsproxy);
	struct pid *pid = BPF_CORE_READ(task, thread_pid);
	u32 level = BPF_CORE_READ(pid, level);
	struct cf_node *node;
	struct upid upid = {};

	if (!state)
		return 0;
	node = &state->node;
	bpf_core_read(&upid, bpf_core_type_size(struct upid), &pid->numbers[level & 31]);
	node->type = CF_NODE_TASK;
	node->sieve = cf_number_of(address);
	node->task.pid = BPF_CORE_READ(task, pid);
	node->task.vpid = upid.nr;
	node->task.pidns = BPF_CORE_READ(upid.ns, ns.inum);
	node->uid = BPF_CORE_READ(task, real_cred, uid.val);
	node->gid = BPF_CORE_READ(task, real_cred, gid.val);
	node->task.utsns = BPF_CORE_READ(nsproxy, uts_ns, ns.inum);
	node->task.ipcns = BPF_CORE_READ(nsproxy, ipc_ns, ns.inum);
	node->task.mntns = BPF_CORE_READ(nsproxy, mnt_ns, ns.inum);
	node->task.netns = BPF_CORE_READ(nsproxy, net_ns, ns.inum);
	node->task.cgroupns = BPF_CORE_READ(nsproxy, cgroup_ns, ns.inum);
	node->task.cgroup = BPF_CORE_READ(task, cgroups, dfl_cgrp, kn, id);
	/* Two that begin the same task have filled in the same; only one gives it its id. */
	__sync_val_compare_and_swap(&node->id, 0, cf_new_id());
	return 0;
}
