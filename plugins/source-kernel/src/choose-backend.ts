import { CamflowError, type CaptureSource, type PluginContext } from '@camflow/api';
import { Channel, ProvenanceSecurityfs } from '@camflow/kernel';
import { BpfSource } from './bpf-source.ts';
import type { KernelOptions } from './kernel-options.ts';
import { RelaySource } from './relay-source.ts';

/** A CamFlow kernel is read through its relay files, any other is captured by BPF programs. */
export function chooseBackend(options: KernelOptions, context: PluginContext): CaptureSource {
  const isCamflow =
    options.relayDir !== undefined || new ProvenanceSecurityfs(options.securityfsDir).isPresent;
  const backend = options.backend === 'auto' ? (isCamflow ? 'relay' : 'bpf') : options.backend;
  if (backend === 'relay' && options.channel !== Channel.main) {
    throw new CamflowError(
      'UNSUPPORTED',
      `There is no channel ${options.channel.name} on a CamFlow kernel, which has had no extra channels since 0.8`,
      { hint: 'Take channel= out of [kernel], and give camflowd several outputs: output=log,mqtt.' },
    );
  }
  return backend === 'relay' ? new RelaySource(options, context) : new BpfSource(options, context);
}
