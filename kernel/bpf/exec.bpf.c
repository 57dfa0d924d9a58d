// SPDX-License-Identifier: GPL-2.0-only
/* Programs: the file that is executed, the interpreter, the arguments and the environment. */
#include "state.h"
#include "emit.h"

char LICENSE[] SEC("license") = "GPL";

#ifdef CF_FEXIT
/* Here nothing may wait for a page. The kernel has just written these: they are there. */
#define bpf_copy_from_user bpf_probe_read_user
#endif

/* The longest string that a program can be given, its NUL included. */
#define STRING_LIMIT (1u << 17)

/* The program before this one has no say in what is recorded of the execution. */
static __always_inline void execute(struct cf_actor *actor, struct cf_node *process, struct file *file)
{
	struct cf_actor next = { .state = actor->state, .task = actor->task, .process = process };
	struct cf_act act = cf_new_act(actor, CF_EXEC, 0);
	struct cf_node *node = cf_file_inode(&next, file);

	if (!node)
		return;
	cf_apply_owner(process);
	cf_flag(process, node->flags & (CF_TRACKED | CF_HELD | CF_OPAQUE), 0);
	if (cf_wants(&next, process))
		cf_name_by_file(&next, process, file);
	cf_use_fresh(actor, process);
	cf_derives(&act, node, process, actor->task, process);
}

/*
 * A child of the recorder becomes something else. What it was until now is the recorder: its memory is the new one
 * from the start, and nothing of the old one is told.
 */
static __always_inline bool emerges(struct cf_actor *actor, struct linux_binprm *bprm)
{
	struct cf_config *config = cf_get_config();
	struct task_struct *current = bpf_get_current_task_btf();
	struct cf_task *state = bpf_task_storage_get(&cf_tasks, current, 0, 0);

	if (!config || !config->enabled || !state || !state->hidden)
		return false;
	if (!state->node.id)
		cf_begin_task(state, cf_address(current));
	actor->state = state;
	actor->task = &state->node;
	actor->process = cf_process(bprm->cred, current->tgid);
	if (!actor->process)
		return false;
	__sync_fetch_and_and(&actor->process->flags, ~CF_FRESH);
	return true;
}

/* Whether there is anything to do for the execution of a file with these credentials. */
static __always_inline bool concerns(struct linux_binprm *bprm)
{
	struct cf_config *config = cf_get_config();

	return cf_concerns(bprm->file->f_inode) ||
	       (config && config->enabled && cf_in_sieve(cf_address_number(bprm->cred, config)));
}

/*
 * Once for each execution, with the file that was asked for: of a script, the script. The memory was opaque because of
 * the program before it, if at all.
 */
CF_HOOK(bprm_creds_for_exec)
int BPF_PROG(cf_bprm_creds_for_exec, struct linux_binprm *bprm, int ret)
{
	struct cf_actor actor;
	struct cf_node *process;

	if (ret)
		return CF_VERDICT(ret);
	if (emerges(&actor, bprm)) {
		execute(&actor, actor.process, bprm->file);
		return CF_VERDICT(ret);
	}
	if (!concerns(bprm) || !cf_acts(&actor))
		return CF_VERDICT(ret);
	process = cf_process(bprm->cred, actor.process->process.tgid);
	if (process) {
		cf_unflag(process, CF_OPAQUE);
		execute(&actor, process, bprm->file);
	}
	return CF_VERDICT(ret);
}

/* Whatever is recorded of it: somebody may hear of the task later. */
static __always_inline void renumber(void)
{
	struct task_struct *current = bpf_get_current_task_btf();
	struct cf_task *state = bpf_task_storage_get(&cf_tasks, current, 0, 0);

	if (state && state->node.id)
		cf_renumber(state, current);
}

/* From here on the execution cannot fail. The file is what really runs: of a script, its interpreter. */
CF_HOOK(bprm_committing_creds)
int BPF_PROG(cf_bprm_committing_creds, struct linux_binprm *bprm)
{
	struct cf_actor actor;
	struct cf_node *process;
	struct cf_act act;
	bool emerging;

	renumber();
	emerging = emerges(&actor, bprm);
	if (!emerging && (!concerns(bprm) || !cf_acts(&actor)))
		return 0;
	process = emerging ? actor.process : cf_process(bprm->cred, actor.process->process.tgid);
	if (!process)
		return 0;
	if (cf_address(bprm->interp) != cf_address(bprm->filename))
		execute(&actor, process, bprm->file);
	process->uid = bprm->cred->uid.val;
	process->gid = bprm->cred->gid.val;
	process->secid = cf_secid(cf_address(bprm->cred));
	act = cf_new_act(&actor, CF_EXEC_TASK, 0);
	if (emerging) {
		actor.state->hidden = 0;
		cf_shows(actor.task, process);
		cf_informs(&act, actor.task, process, process, process);
	} else {
		cf_generates(&act, actor.process, actor.task, process);
	}
	/* For cf_bprm_committed_creds, which must not make one. */
	cf_get_scratch();
	return 0;
}

struct string_sample {
	struct cf_frame frame;
	struct cf_text_record record;
};

/* `room`, a constant, is at least `stored`. Only as much as is used counts as the sample's size. */
static __always_inline int publish_string(struct cf_config *config, struct cf_node *node, u64 address, u32 length,
					  u32 stored, const u32 room)
{
	struct string_sample *sample = cf_reserve(sizeof(*sample) + room + 8);
	char *text = (char *)(sample + 1);

	if (!sample)
		return 0;
	cf_fill_node(&sample->record.node, config, node, 0);
	__builtin_memset(&sample->record.text, 0, sizeof(sample->record.text));
	sample->record.text.length = length;
	sample->record.text.stored = stored;
	sample->record.text.truncated = stored < length;
	sample->frame.size = (sizeof(*sample) + stored + 7) & ~7u;
	*(u64 *)(text + (stored & ~7u)) = 0;
	bpf_copy_from_user(text, stored, (void *)address);
	bpf_ringbuf_submit(sample, 0);
	return 1;
}

/* Writes the record of a string in the current process's memory. Returns 0 where there was no room. */
__noinline int cf_publish_string(struct cf_node *node, u64 address, u32 length, u32 stored)
{
	struct cf_config *config = cf_get_config();

	if (!config || !node)
		return 0;
	if (stored <= 32)
		return publish_string(config, node, address, length, stored, 32);
	if (stored <= 128)
		return publish_string(config, node, address, length, stored, 128);
	if (stored <= 1024)
		return publish_string(config, node, address, length, stored, 1024);
	if (stored <= 8192)
		return publish_string(config, node, address, length, stored, 8192);
	if (stored <= STRING_LIMIT)
		return publish_string(config, node, address, length, stored, STRING_LIMIT);
	return 0;
}

/* The length of the string at an address of the current process, its pages fetched if need be. */
static __always_inline u32 string_length(struct cf_scratch *scratch)
{
	u32 length = 0;

	for (u32 i = 0; i < STRING_LIMIT / (CF_PATH_LIMIT - 1) + 1; i++) {
		char *from = (char *)scratch->address + length;
		long read;

		bpf_copy_from_user(scratch->text, 1, from);
		bpf_copy_from_user(scratch->text, 1, from + CF_PATH_LIMIT - 1);
		read = bpf_probe_read_user_str(scratch->text, CF_PATH_LIMIT, from);
		if (read <= 0)
			break;
		length += read - 1;
		if (read < CF_PATH_LIMIT)
			break;
	}
	return length;
}

/* What the loop over the strings is given. */
struct strings {
	struct cf_scratch *scratch;
	struct cf_config *config;
	struct cf_node *process;
	u64 task_id;
	u32 arguments;
};

static long record_string(u32 index, struct strings *strings)
{
	struct cf_scratch *scratch = strings->scratch;
	struct cf_config *config = strings->config;
	bool is_argument = index < strings->arguments;
	u64 type = is_argument ? CF_NODE_ARGUMENT : CF_NODE_ENVIRONMENT;
	struct cf_act act = { .relation = is_argument ? CF_ARG : CF_ENV, .task_id = strings->task_id };
	u32 length = string_length(scratch);
	u32 stored = length;

	if (!(config->node_filter & CF_SUBTYPE_MASK & type)) {
		struct cf_stats *stats = cf_get_stats();

		if (stored > config->argument_limit) {
			stored = config->argument_limit;
			if (stats)
				__sync_fetch_and_add(&stats->truncated, 1);
		}
		cf_begin_passing(&scratch->node, config, type, cf_new_id());
		if (!cf_keeps_back(config, type) && !cf_publish_string(&scratch->node, scratch->address, length, stored))
			scratch->node.published = 0;
		cf_relate(&act, &scratch->node, strings->process);
	}
	scratch->address += length + 1;
	return 0;
}

/*
 * The new memory is in place, with the strings at its end: argc arguments, then envc variables. This program may wait for
 * a page, and so for memory, too. Before 6.2, a task that has to wait for that of a storage keeps all others on its CPU from
 * theirs for so long: none is made here.
 */
#ifdef CF_FEXIT
SEC("fexit/security_bprm_committed_creds")
#else
SEC("lsm.s/bprm_committed_creds")
#endif
int BPF_PROG(cf_bprm_committed_creds, struct linux_binprm *bprm)
{
	struct strings strings = { .config = cf_get_config() };
	struct task_struct *current = bpf_get_current_task_btf();
	struct cf_actor actor;

	/* Without a state, nothing is told of this execution that the strings could belong to. */
	if (!cf_concerns(NULL) || !strings.config || !bpf_task_storage_get(&cf_tasks, current, 0, 0))
		return 0;
	strings.scratch = bpf_task_storage_get(&cf_scratch, current, 0, 0);
	if (!strings.scratch) {
		cf_count_state_failure();
		return 0;
	}
	if (!cf_acts(&actor) || !cf_wants(&actor, actor.process))
		return 0;
	strings.process = actor.process;
	strings.task_id = actor.task->id;
	strings.arguments = bprm->argc;
	strings.scratch->address = bprm->p;
	bpf_loop(bprm->argc + bprm->envc, record_string, &strings, 0);
	return 0;
}
