import {
  type FilterName,
  type Filters,
  filterNames,
  namesInFilter,
  type ProvenanceControl,
} from '@camflow/kernel';
import type { AppliedState } from './applied-state.ts';
import type { Change } from './change.ts';
import type { DesiredPolicy } from './desired-policy.ts';
import type { Plan } from './plan-switches.ts';

/** Types that the file names are added, those that it named before are taken out, others stay. */
export function planFilters(desired: DesiredPolicy, applied: AppliedState, current: Filters): Plan {
  const changes: Change[] = [];
  const byHand: string[] = [];
  for (const name of filterNames) {
    const [wanted, last, now] = [
      desired.filters.get(name) ?? 0n,
      applied.filters.get(name) ?? 0n,
      current[name],
    ];
    changes.push(...changeOf(name, wanted & ~now, 'add'));
    changes.push(...changeOf(name, last & now & ~wanted, 'remove'));
    byHand.push(...namesInFilter(name, now & ~last & ~wanted).map((type) => `${keyOf(name)}=${type}`));
  }
  return { changes, byHand };
}

function changeOf(name: FilterName, bits: bigint, change: 'add' | 'remove'): Change[] {
  if (bits === 0n) return [];
  const sign = change === 'add' ? '+' : '-';
  const act = (how: 'add' | 'remove') => (control: ProvenanceControl) =>
    control.filters.change(name, bits, how);
  return [
    {
      text: namesInFilter(name, bits)
        .map((type) => `${sign} ${keyOf(name)}=${type}`)
        .join('\n'),
      apply: act(change),
      revert: act(change === 'add' ? 'remove' : 'add'),
    },
  ];
}

function keyOf(name: FilterName): string {
  const propagate = name.startsWith('propagate') ? 'propagate_' : '';
  return `${propagate}${name.toLowerCase().endsWith('node') ? 'node' : 'relation'}_filter`;
}
