/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the BPF programs and user space share: the ABI camflow-bpf-1.
 *
 * Every sample of a ring is one record behind a frame. Records of fixed size have CamFlow 0.9's layout, cut to the
 * bytes their shape uses; those with text or bytes of any length (path, argument, address, string, ...) have the
 * part common to all nodes, then struct cf_text, then the bytes.
 */
#ifndef CAMFLOW_H
#define CAMFLOW_H

#define CF_PIN_FOLDER "/sys/fs/bpf/camflow"

/*
 * Maps, pinned under their names in CF_PIN_FOLDER, of a further channel in CF_PIN_FOLDER "-channels/NAME":
 *
 *   cf_config    array of 1                 struct cf_config
 *   cf_machine   array of 1                 struct cf_machine, filled by user space before capture is enabled
 *   cf_rings     array of maps, key CPU     one BPF ring buffer per CPU; user space creates and inserts them and
 *                                           sets max_entries to the number of possible CPUs before loading
 *   cf_stats     per-CPU array of 1         struct cf_stats
 *   cf_counts    per-CPU array              struct cf_count, key CF_RELATION(class, bit)
 *   cf_left_out  array, keys of cf_counts   struct cf_left_out: relations that the recorder's policy leaves out
 *   cf_ids       array of 1                 struct cf_ids: the last ids given; the loader says where they begin
 *   cf_tasks     task storage               struct cf_task
 *   cf_marks     task storage               struct cf_mark: written by user space through a pidfd;
 *                                           again where it gets EAGAIN
 *   cf_creds     hash, key struct cred *    struct cf_node
 *   cf_inodes    hash, key struct inode *   struct cf_node (sockets: the inode of the socket)
 *   cf_sent      LRU hash                   struct cf_node: senders, by the end that they sent to
 *   cf_objects   hash, key address          struct cf_node of messages, shared segments and superblocks
 *   cf_mappings  hash, key struct mm *      struct cf_mappings: files mapped shared, of processes that have any
 *   cf_files     hash, struct cf_file_key   struct cf_file: what is said of files; cf_inodes is only a cache of it
 *   cf_policies  hash, struct cf_policy_key struct cf_policy: what is said of users, groups, cgroups and contexts
 *   cf_contexts  hash, key secid            struct cf_context: the security contexts that were met
 *   cf_named_policies hash, struct cf_context  struct cf_policy: goes to cf_policies when the context is met
 *   cf_addresses array, key direction       struct cf_address_rules
 *   cf_signals   LRU hash, struct cf_signal_key  struct cf_signal: who last sent the recorder and its children signals
 *   cf_packets   LRU hash                   struct cf_node: packets, by what tells one from others
 *   cf_packet_counts LRU hash               how many packets there were that agree in that
 *   cf_request   array of 1                 struct cf_request: a question of user space about one file or process
 *   cf_sieve     array                      how many tracked things share a slot, see sieve.h
 *   cf_scratch   task storage               working memory
 *
 * Programs are named cf_HOOK. Where a hook's arguments differ between kernels there is one program for each number of
 * arguments of bpf_lsm_HOOK in the kernel's BTF (cf_inode_setattr_2, cf_inode_setattr_3) and the loader leaves out the
 * other (bpf_program__set_autoload). Of fexit/pipe_read and fexit/anon_pipe_read the kernel has one function: up to
 * 6.14 the first, which is loaded unless told otherwise, later the second. The iterators cf_iter_tasks and
 * cf_iter_files print nothing: after `enabled` was set, and after each new epoch, user space reads each to its end.
 *
 * camflow-fexit.bpf.o has the same programs on the ends of the functions security_HOOK, for kernels in which bpf is not
 * an active security module. There the programs on LSM hooks would load and record nothing.
 */

#include "layout.h"
#include "counts.h"
#include "node.h"
#include "settings.h"

#endif
