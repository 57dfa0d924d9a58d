import { closeSync } from 'node:fs';
import { CamflowError } from '@camflow/api';
import { requireProcess } from '../../libc/no-such-process.ts';
import { openPath } from '../../libc/path-descriptor.ts';
import { resolveSelector } from '../cgroups.ts';
import { emptyFilters } from '../filters.ts';
import { readBootId, readMachineId } from '../identity-files.ts';
import type { ProvenanceControl } from '../provenance-control.ts';
import type { FileTarget } from '../provenance-node.ts';
import { wholePolicy } from '../whole-policy.ts';
import { acceptSelector } from './accept-selector.ts';
import { captureVersion } from './recording.ts';
import { refusalsOfPrograms } from './refusals.ts';
import { switchesOf } from './switches.ts';

/**
 * Where no programs are loaded: what holds once they are, and nothing to change. Whatever a change names is looked up all
 * the same, so that what could not be done with the programs either says so.
 */
export function createUnloadedControl(): ProvenanceControl {
  const afterLoading = switchesOf({ enabled: 0n, modes: 0n });
  const concerns: Pick<ProvenanceControl, 'switches' | 'filters' | 'rules' | 'recording'> = {
    switches: {
      read: () => afterLoading,
      said: (name) => afterLoading[name],
      captured: () => false,
      set: refuse,
    },
    filters: { read: () => emptyFilters, change: refuse, reset: refuse },
    rules: {
      list: () => [],
      add: refuseAfter(({ selector }) => acceptSelector(selector)),
      remove: refuseAfter(resolveSelector),
    },
    recording: {
      machineId: () => readMachineId() ?? 0,
      bootId: () => readBootId() ?? 0,
      isThere: () => false,
      isPrepared: () => false,
      ringBytes: () => undefined,
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
    files: {
      read: refuseAfter(requireFile),
      mark: refuseAfter(requireFile),
      listOthers: () => [],
      save: () => ({ files: 0, left: 0 }),
      load: refuse,
    },
    processes: {
      read: refuseAfter(requireProcess),
      mark: refuseAfter(requireProcess),
      readSelf: refuse,
      markSelf: refuse,
    },
    policy: wholePolicy(concerns),
    disclosure: { node: refuse, relation: refuse },
    refusals: refusalsOfPrograms,
    close() {},
  };
}

function requireFile(target: FileTarget): void {
  if (typeof target === 'string') closeSync(openPath(target));
}

/** What is called looks up what it is given, and then there is nothing to do it with. */
function refuseAfter<Given>(lookUp: (given: Given) => unknown): (given: Given) => never {
  return (given) => {
    lookUp(given);
    return refuse();
  };
}

function refuse(): never {
  throw new CamflowError('SOURCE_UNAVAILABLE', 'The BPF programs are not loaded', {
    hint: 'Run camconfd, or start camflowd.',
  });
}
