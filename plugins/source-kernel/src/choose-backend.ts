import type { CaptureSource, PluginContext } from '@camflow/api';
import { ProvenanceSecurityfs, requireMainChannel } from '@camflow/kernel';
import { BpfSource } from './bpf-source.ts';
import type { KernelOptions } from './kernel-options.ts';
import { RelaySource } from './relay-source.ts';

/** A CamFlow kernel is read through its relay files, any other is captured by BPF programs. */
export function chooseBackend(options: KernelOptions, context: PluginContext): CaptureSource {
  const isCamflow =
    options.relayDir !== undefined || new ProvenanceSecurityfs(options.securityfsDir).isPresent;
  const backend = options.backend === 'auto' ? (isCamflow ? 'relay' : 'bpf') : options.backend;
  if (backend === 'relay') requireMainChannel(options.channel);
  return backend === 'relay' ? new RelaySource(options, context) : new BpfSource(options, context);
}
