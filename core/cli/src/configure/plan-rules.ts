import {
  actionsOf,
  type ProvenanceControl,
  type Rule,
  type RuleSelector,
  selectorKey,
  selectorText,
} from '@camflow/kernel';
import type { AppliedState } from './applied-state.ts';
import type { Change } from './change.ts';
import type { DesiredPolicy } from './desired-policy.ts';
import type { Plan } from './plan-switches.ts';

/** What the file says is added, what it said before is taken back, and what others said stays. */
export function planRules(desired: DesiredPolicy, applied: AppliedState, current: readonly Rule[]): Plan {
  const changes: Change[] = [];
  const byHand: string[] = [];
  const now = new Map(current.map((rule) => [selectorKey(rule.selector), rule]));
  for (const key of new Set([...applied.rules.keys(), ...now.keys(), ...desired.rules.keys()])) {
    const [wanted, last, before] = [desired.rules.get(key), applied.rules.get(key), now.get(key)];
    const { selector } = (wanted ?? last ?? before)!;
    const bits = bitsAfter(wanted?.bits ?? 0, last?.bits ?? 0, before?.bits ?? 0);
    if (bits !== (before?.bits ?? 0)) changes.push(changeOf(selector, before?.bits ?? 0, bits));
    const foreign = (before?.bits ?? 0) & ~(last?.bits ?? 0) & ~(wanted?.bits ?? 0);
    if (foreign !== 0 && bits !== 0) byHand.push(...linesOf({ selector, bits: foreign }));
  }
  return { changes, byHand };
}

function bitsAfter(wanted: number, last: number, now: number): number {
  return (now & ~(last & ~wanted)) | wanted;
}

function changeOf(selector: RuleSelector, before: number, after: number): Change {
  const [removed, added] = [linesOf({ selector, bits: before }), linesOf({ selector, bits: after })];
  const text = [
    ...removed.filter((line) => !added.includes(line)).map((line) => `- ${line}`),
    ...added.filter((line) => !removed.includes(line)).map((line) => `+ ${line}`),
  ].join('\n');
  return {
    text,
    apply: (control) => turn(control, selector, before, after),
    revert: (control) => turn(control, selector, after, before),
  };
}

/** Kernels add to what a rule says; to say less, it is removed first. */
function turn(control: ProvenanceControl, selector: RuleSelector, from: number, to: number): void {
  if ((from & ~to) !== 0) control.rules.remove(selector);
  if (to !== 0) control.rules.add({ selector, bits: to });
}

function linesOf({ selector, bits }: Rule): string[] {
  return actionsOf(bits).map((word) => `${selector.kind}.${word}=${selectorText(selector)}`);
}
