import type { ProvenanceControl } from '@camflow/kernel';
import { formatBytes } from '../report/numbers.ts';
import type { AppliedState } from './applied-state.ts';
import type { DesiredPolicy, RelaySettings } from './desired-policy.ts';

/** Settings that a kernel takes once, where it took others: a sentence each. */
export function settingsTooLate(
  desired: DesiredPolicy,
  { relay: made }: AppliedState,
  control: ProvenanceControl,
): string[] {
  const { machineId, relay, isRelayGiven } = desired;
  const { recording, backend } = control;
  const until =
    backend === 'bpf' ? 'before `camflow unload` or a restart' : 'before the machine is started anew';
  const warnings: string[] = [];
  if (recording.isPrepared() && machineId !== 0 && machineId !== recording.machineId()) {
    warnings.push(
      `machine_id=${machineId} does not come into force ${until}: records carry ${recording.machineId()}`,
    );
  }
  if (!isRelayGiven) return warnings;
  const [wanted, ring] = [ringBytesOf(relay), recording.ringBytes()];
  if (ring !== undefined && ring !== wanted) {
    warnings.push(
      `[relay] does not come into force ${until}: each CPU has a ring of ${formatBytes(ring)}, not of ${formatBytes(wanted)}`,
    );
  }
  const isOther = made?.bufferExponent !== relay.bufferExponent || made.buffers !== relay.buffers;
  if (backend === 'securityfs' && recording.isPrepared() && made !== undefined && isOther) {
    warnings.push(
      `[relay] does not come into force ${until}: buffers were made with buff_exp=${made.bufferExponent} and subuf_nb=${made.buffers}`,
    );
  }
  return warnings;
}

/** As much memory for each CPU as the relay would have for a channel: a power of two. */
export function ringBytesOf({ bufferExponent, buffers }: RelaySettings): number {
  const bytes = 2 ** bufferExponent * buffers;
  return 2 ** Math.min(30, Math.max(16, Math.floor(Math.log2(bytes))));
}
