// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records one command with the BPF programs, for their tests inside a guest:
 *
 *   record OBJECT OUTPUT RING-BYTES all|tracked COMMAND...
 *
 * Writes the frames of all CPUs to OUTPUT, and to standard output one line of words for each program (`program NAME
 * INSTRUCTIONS`: those the verifier looked at), counter and relation. Exits with the command's status, or with 125.
 */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>
#include <linux/types.h>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include "../camflow.h"

static FILE *output;
static int cpus;

static void fail(const char *what)
{
	fprintf(stderr, "record: %s: %s\n", what, strerror(errno));
	exit(125);
}

static int print_log(enum libbpf_print_level level, const char *format, va_list arguments)
{
	return level == LIBBPF_DEBUG ? 0 : vfprintf(stderr, format, arguments);
}

static int keep_frame(void *context, void *data, size_t size)
{
	const struct cf_frame *frame = data;

	(void)context;
	if (frame->size > size || frame->size % 8) {
		fprintf(stderr, "record: a frame of %u bytes in a sample of %zu\n", frame->size, size);
		exit(125);
	}
	if (fwrite(data, frame->size, 1, output) != 1)
		fail("output");
	return 0;
}

static int map_of(struct bpf_object *object, const char *name)
{
	int fd = bpf_object__find_map_fd_by_name(object, name);

	if (fd < 0)
		fail(name);
	return fd;
}

/*
 * The programs of a hook whose arguments differ between kernels carry their number: keep the fitting one, and those
 * of functions that this kernel has.
 */
static void choose_programs(struct bpf_object *object)
{
	struct btf *btf = btf__load_vmlinux_btf();
	struct bpf_program *program;

	bpf_object__for_each_program(program, object) {
		const char *name = bpf_program__name(program);
		const char *last = strrchr(name, '_');
		char hook[64];
		const struct btf_type *type;
		int id;

		if (!strncmp(bpf_program__section_name(program), "fexit/", 6))
			bpf_program__set_autoload(program, btf__find_by_name_kind(btf, bpf_program__section_name(program) + 6,
										  BTF_KIND_FUNC) > 0);
		if (!last || last[1] < '0' || last[1] > '9')
			continue;
		snprintf(hook, sizeof(hook), "bpf_lsm_%.*s", (int)(last - name - 3), name + 3);
		id = btf__find_by_name_kind(btf, hook, BTF_KIND_FUNC);
		type = id < 0 ? NULL : btf__type_by_id(btf, btf__type_by_id(btf, id)->type);
		bpf_program__set_autoload(program, type && btf_vlen(type) == atoi(last + 1));
	}
	btf__free(btf);
}

static struct ring_buffer *make_rings(struct bpf_object *object, unsigned int size)
{
	int outer = map_of(object, "cf_rings");
	struct ring_buffer *rings = NULL;

	for (__u32 cpu = 0; cpu < (__u32)cpus; cpu++) {
		int fd = bpf_map_create(BPF_MAP_TYPE_RINGBUF, "cf_ring", 0, 0, size, NULL);

		if (fd < 0 || bpf_map_update_elem(outer, &cpu, &fd, BPF_ANY))
			fail("a ring");
		if (!rings)
			rings = ring_buffer__new(fd, keep_frame, NULL, NULL);
		else if (ring_buffer__add(rings, fd, keep_frame, NULL))
			fail("a ring");
	}
	return rings;
}

static void describe_machine(struct bpf_object *object)
{
	struct cf_machine machine = { .node = { .id = 5381, .type = 0x1400000000000010, .step = 2 } };
	struct utsname names;
	__u32 zero = 0;

	uname(&names);
	strncpy(machine.text.utsname[0], names.sysname, 64);
	strncpy(machine.text.utsname[1], names.nodename, 64);
	strncpy(machine.text.utsname[2], names.release, 64);
	strncpy(machine.text.utsname[3], names.version, 64);
	strncpy(machine.text.utsname[4], names.machine, 64);
	if (bpf_map_update_elem(map_of(object, "cf_machine"), &zero, &machine, BPF_ANY))
		fail("cf_machine");
}

static void configure(struct bpf_object *object, __u32 enabled, __u32 modes)
{
	struct cf_config config = {
		.enabled = enabled,
		.modes = modes,
		.machine_id = 7,
		.boot_id = 3,
		.epoch = 1,
		.recorder = getpid(),
		.argument_limit = 1 << 17,
	};
	__u32 zero = 0;

	if (bpf_map_update_elem(map_of(object, "cf_config"), &zero, &config, BPF_ANY))
		fail("cf_config");
}

static void read_iterators(struct bpf_object *object)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, object) {
		struct bpf_link *link;
		char byte;
		int fd;

		if (strncmp(bpf_program__section_name(program), "iter", 4))
			continue;
		link = bpf_program__attach(program);
		fd = link ? bpf_iter_create(bpf_link__fd(link)) : -1;
		if (fd < 0)
			fail(bpf_program__name(program));
		while (read(fd, &byte, 1) > 0)
			;
		close(fd);
		bpf_link__destroy(link);
	}
}

static void attach(struct bpf_object *object)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, object) {
		if (!bpf_program__autoload(program) || !strncmp(bpf_program__section_name(program), "iter", 4))
			continue;
		if (!bpf_program__attach(program))
			fail(bpf_program__name(program));
	}
}

static void print_programs(struct bpf_object *object)
{
	struct bpf_program *program;

	bpf_object__for_each_program(program, object) {
		struct bpf_prog_info info = {};
		__u32 size = sizeof(info);

		if (bpf_program__autoload(program) &&
		    !bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &size))
			printf("program %s %u %llu\n", bpf_program__name(program), info.verified_insns,
			       info.recursion_misses);
	}
}

static void print_counters(struct bpf_object *object)
{
	struct cf_stats *stats = calloc(cpus, sizeof(*stats));
	struct cf_count *counts = calloc(cpus, sizeof(*counts));
	struct cf_stats sum = {};

	if (!stats || !counts || bpf_map_lookup_elem(map_of(object, "cf_stats"), &(__u32){ 0 }, stats))
		fail("cf_stats");
	for (int cpu = 0; cpu < cpus; cpu++) {
		sum.taken += stats[cpu].taken;
		sum.ring_full += stats[cpu].ring_full;
		sum.state_failures += stats[cpu].state_failures;
		sum.truncated += stats[cpu].truncated;
		sum.contended += stats[cpu].contended;
	}
	printf("taken %llu\nring_full %llu\nstate_failures %llu\ntruncated %llu\ncontended %llu\n", sum.taken,
	       sum.ring_full, sum.state_failures, sum.truncated, sum.contended);
	for (__u32 relation = 0; relation < CF_COUNTS; relation++) {
		struct cf_count all = {};

		if (bpf_map_lookup_elem(map_of(object, "cf_counts"), &relation, counts))
			fail("cf_counts");
		for (int cpu = 0; cpu < cpus; cpu++) {
			all.offered += counts[cpu].offered;
			all.written += counts[cpu].written;
			all.compressed += counts[cpu].compressed;
			all.filtered += counts[cpu].filtered;
			all.unselected += counts[cpu].unselected;
			all.lost += counts[cpu].lost;
		}
		if (all.offered)
			printf("relation %u.%u %llu %llu %llu %llu %llu %llu\n", CF_RELATION_CLASS(relation),
			       CF_RELATION_BIT(relation), all.offered, all.written, all.compressed, all.filtered,
			       all.unselected, all.lost);
	}
}

static int run(struct bpf_object *object, struct ring_buffer *rings, int drain, int track, char **command)
{
	int gate[2], status = 0;
	pid_t child;

	if (pipe(gate) || (child = fork()) < 0)
		fail("fork");
	if (child == 0) {
		char byte;

		close(gate[1]);
		if (read(gate[0], &byte, 1) != 1)
			_exit(125);
		close(gate[0]);
		execvp(command[0], command);
		_exit(127);
	}
	if (track) {
		struct cf_mark mark = { .flags = CF_TRACKED };
		int fd = syscall(SYS_pidfd_open, child, 0), marks = map_of(object, "cf_marks"), error;

		/* The child may be getting its first storage at this moment. */
		do
			error = bpf_map_update_elem(marks, &fd, &mark, BPF_ANY);
		while (error == -EAGAIN);
		if (error)
			fail("cf_marks");
		close(fd);
	}
	close(gate[0]);
	if (write(gate[1], "", 1) != 1)
		fail("the command");
	while (waitpid(child, &status, WNOHANG) == 0) {
		if (drain)
			ring_buffer__poll(rings, 50);
		else
			usleep(50000);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	struct bpf_object *object;
	struct ring_buffer *rings;
	int status = 0;

	if (argc < 6)
		return 125;
	libbpf_set_print(print_log);
	cpus = libbpf_num_possible_cpus();
	output = fopen(argv[2], "w");
	object = bpf_object__open_file(argv[1], NULL);
	if (!output || !object)
		fail(argv[1]);
	choose_programs(object);
	bpf_map__set_max_entries(bpf_object__find_map_by_name(object, "cf_rings"), cpus);
	if (bpf_object__load(object))
		fail("load");
	rings = make_rings(object, strtoul(argv[3], NULL, 10));
	describe_machine(object);
	attach(object);
	configure(object, 1, strcmp(argv[4], "all") ? 0 : CF_ALL);
	read_iterators(object);
	status = run(object, rings, !getenv("CAMFLOW_UNDRAINED"), strcmp(argv[4], "all"), argv + 5);
	/* What dies with the command is freed a little later. */
	usleep(300000);
	configure(object, 0, 0);
	ring_buffer__consume(rings);
	print_programs(object);
	print_counters(object);
	return fclose(output) ? 125 : status;
}
