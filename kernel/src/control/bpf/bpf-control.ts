import { CamflowError } from '@camflow/api';
import type { Channel } from '../../bpf/channel.ts';
import type { DisclosureControl } from '../disclosure.ts';
import type { ProvenanceControl } from '../provenance-control.ts';
import { wholePolicy } from '../whole-policy.ts';
import { BpfFilters } from './filters.ts';
import { BpfFiles, BpfProcesses } from './nodes.ts';
import { BpfRecording } from './recording.ts';
import { refusalsOfPrograms } from './refusals.ts';
import { BpfRules } from './rules.ts';
import { BpfSwitches } from './switches.ts';
import { useCapture } from './use-capture.ts';

/**
 * Control of the pinned BPF programs of a channel. Every call opens, uses and closes the maps that it needs.
 * @throws CamflowError `SOURCE_UNAVAILABLE` where they are of another version, `PERMISSION_DENIED`
 */
export function createBpfControl(channel: Channel): ProvenanceControl {
  useCapture(channel, () => {});
  const concerns = {
    switches: new BpfSwitches(channel),
    filters: new BpfFilters(channel),
    rules: new BpfRules(channel),
    recording: new BpfRecording(channel),
  };
  return {
    backend: 'bpf',
    ...concerns,
    files: new BpfFiles(channel),
    processes: new BpfProcesses(channel),
    policy: wholePolicy(concerns),
    disclosure: throughTheSocket,
    refusals: refusalsOfPrograms,
    close() {},
  };
}

const refuse = (): never => {
  throw new CamflowError(
    'UNSUPPORTED',
    'The BPF programs take no disclosures: camflowd does, on its socket',
    {
      hint: 'Use @camflow/disclose while camflowd runs.',
    },
  );
};
const throughTheSocket: DisclosureControl = { node: refuse, relation: refuse };
