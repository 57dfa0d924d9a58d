import { CamflowError } from '@camflow/api';
import { emptyFilters } from '../filters.ts';
import { readBootId, readMachineId } from '../identity-files.ts';
import type { ProvenanceControl } from '../provenance-control.ts';
import { wholePolicy } from '../whole-policy.ts';
import { captureVersion } from './recording.ts';
import { switchesOf } from './switches.ts';

/** Where no programs are loaded: what holds once they are, and nothing to change. */
export function createUnloadedControl(): ProvenanceControl {
  const concerns: Pick<ProvenanceControl, 'switches' | 'filters' | 'rules' | 'recording'> = {
    switches: {
      read: () => switchesOf({ enabled: 0n, modes: 0n }),
      captured: () => false,
      set: refuse,
    },
    filters: { read: () => emptyFilters, change: refuse, reset: refuse },
    rules: { list: () => [], add: refuse, remove: refuse },
    recording: {
      machineId: () => readMachineId() ?? 0,
      bootId: () => readBootId() ?? 0,
      version: captureVersion,
      drops: () => ({ total: 0, causes: {} }),
      prepare: refuse,
      changeEpoch: refuse,
      flush: refuse,
    },
  };
  return {
    backend: 'bpf',
    ...concerns,
    files: { read: refuse, mark: refuse, save: () => ({ files: 0, left: 0 }), load: refuse },
    processes: { read: refuse, mark: refuse, readSelf: refuse, markSelf: refuse },
    policy: wholePolicy(concerns),
    disclosure: { node: refuse, relation: refuse },
    close() {},
  };
}

function refuse(): never {
  throw new CamflowError('SOURCE_UNAVAILABLE', 'The BPF programs are not loaded', {
    hint: 'Run camconfd, or start camflowd.',
  });
}
