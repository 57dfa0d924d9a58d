import { CamflowError } from '@camflow/api';
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
 * Control of the pinned BPF programs. Every call opens, uses and closes the maps that it needs.
 * @throws CamflowError `SOURCE_UNAVAILABLE` where they are of another version, `PERMISSION_DENIED`
 */
export function createBpfControl(): ProvenanceControl {
  useCapture(() => {});
  const concerns = {
    switches: new BpfSwitches(),
    filters: new BpfFilters(),
    rules: new BpfRules(),
    recording: new BpfRecording(),
  };
  return {
    backend: 'bpf',
    ...concerns,
    files: new BpfFiles(),
    processes: new BpfProcesses(),
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
