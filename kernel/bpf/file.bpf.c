// SPDX-License-Identifier: GPL-2.0-only
/* Open files: what goes in and out of them, and which are mapped or handed over. */
#include "state.h"

char LICENSE[] SEC("license") = "GPL";

#define MAY_EXEC 1
#define MAY_WRITE 2
#define MAY_READ 4
#define MAY_APPEND 8

#define FMODE_WRITE 2

#define MAP_TYPE 0x0f
#define MAP_PRIVATE 0x02

static __always_inline struct cf_act file_act(struct cf_actor *actor, u32 relation, struct file *file, u64 flags)
{
	struct cf_act act = cf_new_act(actor, relation, flags);

	act.has_offset = 1;
	act.offset = file->f_pos;
	return act;
}

static __always_inline void use_file(struct file *file, u32 relation, u64 flags)
{
	struct cf_actor actor;
	struct cf_node *node;
	struct cf_act act;

	if (!cf_concerns(file->f_inode) || !cf_acts(&actor))
		return;
	node = cf_file_inode(&actor, file);
	if (!node)
		return;
	act = file_act(&actor, relation, file, flags);
	cf_uses(&act, node, actor.task, actor.process);
}

/* What is written by whom somebody wants to see is seen from then on, whoever uses it. Devices and pipes are shared by all. */
static __always_inline void spread(const struct cf_actor *actor, struct cf_node *node, struct file *file)
{
	const struct cf_config *config = cf_get_config();

	if (!config || !(config->modes & CF_SPREADS) || node->type != CF_NODE_FILE || !(file->f_mode & FMODE_WRITE))
		return;
	if (((actor->task->flags | actor->process->flags) & (CF_TRACKED | CF_OPAQUE)) == CF_TRACKED)
		cf_flag(node, CF_TRACKED, 0);
}

/* A file with several names is known by the one that it was last opened by. */
CF_HOOK(file_open)
int BPF_PROG(cf_file_open, struct file *file, int ret)
{
	struct cf_actor actor;
	struct cf_node *node;
	struct cf_act act;

	if (ret || !cf_concerns(file->f_inode) || !cf_acts(&actor))
		return CF_VERDICT(ret);
	node = cf_file_inode(&actor, file);
	if (!node)
		return CF_VERDICT(ret);
	if (cf_is_nameable(node) && cf_wants(&actor, node))
		cf_name_by_file(&actor, node, file);
	spread(&actor, node, file);
	act = file_act(&actor, CF_OPEN, file, 0);
	cf_uses(&act, node, actor.task, actor.process);
	return CF_VERDICT(ret);
}

CF_HOOK(file_receive)
int BPF_PROG(cf_file_receive, struct file *file, int ret)
{
	if (!ret)
		use_file(file, CF_FILE_RCV, 0);
	return CF_VERDICT(ret);
}

#ifdef CF_FEXIT
SEC("fexit/security_mmap_file")
int BPF_PROG(cf_mmap_file, struct file *file, unsigned long prot, unsigned long flags, int ret)
#else
SEC("lsm/mmap_file")
int BPF_PROG(cf_mmap_file, struct file *file, unsigned long reqprot, unsigned long prot, unsigned long flags,
	     int ret)
#endif
{
	if (!ret && cf_is_there(file))
		use_file(file, (flags & MAP_TYPE) == MAP_PRIVATE ? CF_MMAP_PRIVATE : CF_MMAP, prot);
	return CF_VERDICT(ret);
}

/* What a transfer is called depends on what is at the other end. */
static __always_inline u32 write_relation(const struct cf_node *node)
{
	return node->type == CF_NODE_SOCKET ? CF_SEND : CF_WRITE;
}

static __always_inline u32 read_relation(const struct cf_node *node)
{
	return node->type == CF_NODE_SOCKET ? CF_RECEIVE : CF_READ;
}

CF_HOOK(file_permission)
int BPF_PROG(cf_file_permission, struct file *file, int mask, int ret)
{
	struct cf_actor actor;
	struct cf_node *node;
	struct cf_act act;

	if (ret || !(mask & (MAY_READ | MAY_WRITE | MAY_APPEND | MAY_EXEC)) || !cf_concerns(file->f_inode) ||
	    !cf_acts(&actor))
		return CF_VERDICT(ret);
	node = cf_file_inode(&actor, file);
	if (!node)
		return CF_VERDICT(ret);
	act = file_act(&actor, 0, file, mask);
	if (mask & (MAY_WRITE | MAY_APPEND)) {
		act.relation = write_relation(node);
		cf_generates(&act, actor.process, actor.task, node);
	}
	if (mask & MAY_READ && node->type != CF_NODE_PIPE) {
		act.relation = read_relation(node);
		cf_uses(&act, node, actor.task, actor.process);
	}
	if (mask & MAY_EXEC) {
		if (node->type == CF_NODE_DIRECTORY) {
			act.relation = CF_SEARCH;
			cf_uses(&act, node, actor.task, actor.process);
		} else {
			act.relation = CF_EXEC;
			cf_derives(&act, node, actor.process, actor.task, actor.process);
		}
	}
	return CF_VERDICT(ret);
}

/* What a task waited for was written after it asked: a pipe is read when the reading is over. */
static __always_inline void read_pipe(struct kiocb *kiocb, long size)
{
	struct cf_actor actor;
	struct cf_node *node;
	struct cf_act act;

	if (size < 0 || !cf_concerns(kiocb->ki_filp->f_inode) || !cf_acts(&actor))
		return;
	node = cf_file_inode(&actor, kiocb->ki_filp);
	if (!node)
		return;
	act = cf_new_act(&actor, CF_READ, MAY_READ);
	cf_uses(&act, node, actor.task, actor.process);
}

SEC("fexit/pipe_read")
int BPF_PROG(cf_pipe_read, struct kiocb *kiocb, void *to, long size)
{
	read_pipe(kiocb, size);
	return 0;
}

/* Its name since 6.15: the loader chooses. */
SEC("?fexit/anon_pipe_read")
int BPF_PROG(cf_anon_pipe_read, struct kiocb *kiocb, void *to, long size)
{
	read_pipe(kiocb, size);
	return 0;
}
