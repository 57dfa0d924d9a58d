/**
 * Everything of CamFlow that knows Linux.
 *
 * @packageDocumentation
 */
export * from './bpf/address-table.ts';
export * from './bpf/attachments.ts';
export * from './bpf/capture-settings.ts';
export * from './bpf/channel.ts';
export type { DisclosureLedger } from './bpf/disclosure-ledger.ts';
export * from './bpf/flag-requests.ts';
export * from './bpf/left-out.ts';
export * from './bpf/load-programs.ts';
export * from './bpf/loaded-capture.ts';
export * from './bpf/loss-ledger.ts';
export * from './bpf/machine-checks.ts';
export * from './bpf/machine-facts.ts';
export * from './bpf/node-state.ts';
export * from './bpf/open-capture.ts';
export * from './bpf/own-recording.ts';
export * from './bpf/pin-folder.ts';
export * from './bpf/pinned-capture.ts';
export * from './bpf/policy-maps.ts';
export * from './bpf/possible-cpus.ts';
export * from './bpf/program-figures.ts';
export * from './bpf/relation-counts.ts';
export * from './bpf/ring.ts';
export * from './bpf/saved-flags.ts';
export * from './bpf/sieve-counts.ts';
export * from './bpf/signal-notes.ts';
export * from './bpf/switch-capture.ts';
export * from './control/index.ts';
export * from './control-socket/control-socket.ts';
export * from './control-socket/default-path.ts';
export * from './control-socket/rate-limit.ts';
export * from './control-socket/record-discloser.ts';
export * from './control-socket/serve-control.ts';
export * from './libc/accounts.ts';
export * from './libc/cgroup-folder.ts';
export * from './libc/make-fifo.ts';
export * from './libc/system-call-error.ts';
export * from './libc/unix-datagram-socket.ts';
export * from './process/as-user.ts';
export * from './process/file-limit.ts';
export * from './process/inherited-descriptors.ts';
export * from './process/spawn-bytes.ts';
export * from './process/user-account.ts';
export * from './relay/relay-file.ts';
export * from './relay/relay-names.ts';
export * from './relay/relay-set.ts';
export * from './securityfs/provenance-securityfs.ts';
export * from './stream/write-all.ts';
