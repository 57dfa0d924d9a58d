import { checkRoom } from '../../bpf/address-table.ts';
import { addressRules } from '../../bpf/layout.ts';
import { type PolicyRequest, type Refusal, refusalOf } from '../refusals.ts';
import type { Rule } from '../rules.ts';
import { acceptSelector } from './accept-selector.ts';

/** What the BPF programs cannot match, or their maps have no room for. The programs need not be loaded. */
export function refusalsOfPrograms({ present, added }: PolicyRequest): Refusal[] {
  return [
    ...added.flatMap(({ selector }) => refusalOf(selector, () => void acceptSelector(selector))),
    ...(['ingress', 'egress'] as const).flatMap((direction) => {
      const isOfDirection = ({ selector }: Rule): boolean => selector.kind.endsWith(direction);
      const all = [...present, ...added].filter(isOfDirection);
      // Both families share the rules of a direction; told is the first that has no room.
      const first = all[addressRules.most];
      return first === undefined ? [] : refusalOf(first.selector, () => checkRoom(direction, all.length));
    }),
  ];
}
