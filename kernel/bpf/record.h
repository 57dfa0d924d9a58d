/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How relations and nodes are recorded. These are global functions: the verifier checks each once, by itself, so
 * they take no kernel pointers, and their pointers may be null as far as it knows.
 */
#ifndef CAMFLOW_RECORD_H
#define CAMFLOW_RECORD_H

#include "maps.h"
#include "model.h"

/* A relation about to be recorded, but for its ends. */
struct cf_act {
	u32 relation;
	u32 has_offset;
	s64 offset;
	u64 flags;
	u64 task_id;
};

/*
 * The sequences of the model. `task` is the task that acts and decides, with the ends, whether this is recorded at
 * all; it may be null where the kernel acts on nobody's behalf.
 */

/* entity -> task -> process. Returns whether it was recorded, as far as there was room. */
extern int cf_record_use(struct cf_act *act, struct cf_node *entity, struct cf_node *task, struct cf_node *process);
/* entity -> task */
extern int cf_reads(struct cf_act *act, struct cf_node *entity, struct cf_node *task);
/* process -> task -> entity */
extern int cf_record_generation(struct cf_act *act, struct cf_node *process, struct cf_node *task,
				struct cf_node *entity);
/* from -> to, both entities */
extern int cf_derives(struct cf_act *act, struct cf_node *from, struct cf_node *to, struct cf_node *task,
		      struct cf_node *process);
/* from -> to, both tasks; with the memory of each, or whatever else has a say in whether it is recorded */
extern int cf_informs(struct cf_act *act, struct cf_node *from, struct cf_node *to, struct cf_node *process,
		      struct cf_node *other);
/* the node's last version -> its end */
extern int cf_ends(u32 relation, struct cf_node *node);

/* Whether nothing but that nobody is tracked keeps the third of these sequences away. Counts nothing. */
extern int cf_allows(struct cf_act *act, struct cf_node *process, struct cf_node *task, struct cf_node *entity);

/*
 * process -> every file that it has mapped shared for writing, after each use; every one that it has mapped for reading
 * -> process, before each thing it generates. Only where the process has CF_SHARES and is the current one, and of the
 * files only where something of this is to be recorded: one that is tracked makes the process, too.
 */
extern int cf_write_mappings(struct cf_node *process, struct cf_node *task);
extern int cf_read_mappings(struct cf_node *process, struct cf_node *task);
/* Names those files, where one of these returns that some have no name. Apart: stacks are short. */
extern int cf_name_mappings(struct cf_node *process, struct cf_node *task);

/* What a relation is remembered by in its destination: source (36 bits), version (19), relation (9). */
static __always_inline u64 cf_compression_key(u64 id, u64 version, u32 relation)
{
	return id << 28 | (version & 0x7ffff) << 9 | relation;
}

/* Whether anything between these two would be recorded: asked before work is done only for that. */
extern int cf_selects(struct cf_node *entity, struct cf_node *task, struct cf_node *process);
/* Writes the node's record unless this version was written in this epoch. Returns 0 where there was no room. */
extern int cf_publish(struct cf_node *node, u32 version);
/* from -> to without asking for more than the filters. Returns 0 where there was no room. */
extern int cf_relate(struct cf_act *act, struct cf_node *from, struct cf_node *to);
/* The same for a path, which was written just now, and the node that it names: of that it makes no new version. */
extern int cf_relate_name(struct cf_node *path, struct cf_node *node, u64 task_id);
/*
 * Writes the record of a node that is only text, which lies in the kernel's memory; `cut`: of which that is a part.
 * Returns 0 as above. Relations of a node that found no room are then counted as lost when they are to be recorded: so
 * they have to be.
 */
extern int cf_publish_text(struct cf_node *node, u64 text, u32 length, u32 cut);

/* Names a node after the dentry as seen through the mount (0: any of the file system's mounts). */
extern int cf_name(struct cf_node *node, u64 dentry, u64 mount, u64 task_id);
/* Names an inode, if it has no name in this epoch, after any dentry it has. */
extern int cf_name_inode(struct cf_node *node, u64 inode, u64 task_id);

/* Any dentry of an inode, as an address; 0 where it has none. */
static __always_inline u64 cf_dentry_of(u64 inode)
{
	u64 alias = (u64)BPF_CORE_READ((struct inode *)inode, i_dentry.first);

	return alias ? alias - (u64)&((struct dentry *)0)->d_u.d_alias : 0;
}

/* Names the memory of the current task after its program, where something between it and the entity is recorded. */
extern int cf_name_user(struct cf_node *process, struct cf_node *task, struct cf_node *entity);

/* Make the state of an object that has none yet. */
extern int cf_begin_inode(u64 inode);
extern int cf_begin_process(u64 cred, u32 tgid, u32 flags, u64 taint);
extern int cf_begin_task(struct cf_task *state, u64 task);
/* A message, a segment or a superblock: `detail` is the priority or the mode. */
extern int cf_begin_object(u64 object, u64 type, u64 detail, u32 uid, u32 gid);
/* Keeps the sender in the scratch of the task for an end that had none. */
extern int cf_begin_end(struct cf_end *end);

#endif
