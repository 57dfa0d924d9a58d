import { addressKinds, type Rule, type RuleKind, ruleKinds, selectorKey } from '@camflow/kernel';
import type { AppliedState } from './applied-state.ts';
import type { Change } from './change.ts';
import type { DesiredPolicy } from './desired-policy.ts';
import { changeAddressRules } from './plan-address-rules.ts';
import type { Plan } from './plan-switches.ts';
import { type RuleChange, ruleLines, textOfChanges } from './rule-change.ts';

/** Kinds of which the order of rules may count. */
const ordered: ReadonlySet<RuleKind> = new Set(addressKinds);

/** What the file says is added, what it said before is taken back, and what others said stays. */
export function planRules(desired: DesiredPolicy, applied: AppliedState, current: readonly Rule[]): Plan {
  const byKind = new Map<RuleKind, RuleChange[]>(ruleKinds.map((kind) => [kind, []]));
  const byHand: string[] = [];
  const now = new Map(current.map((rule) => [selectorKey(rule.selector), rule]));
  for (const key of new Set([...now.keys(), ...applied.rules.keys(), ...desired.rules.keys()])) {
    const [wanted, last, before] = [desired.rules.get(key), applied.rules.get(key), now.get(key)];
    const { selector } = (wanted ?? last ?? before)!;
    const bits = bitsAfter(wanted?.bits ?? 0, last?.bits ?? 0, before?.bits ?? 0);
    byKind.get(selector.kind)!.push({ selector, before: before?.bits ?? 0, after: bits });
    const foreign = (before?.bits ?? 0) & ~(last?.bits ?? 0) & ~(wanted?.bits ?? 0);
    if (foreign !== 0 && bits !== 0) byHand.push(...ruleLines({ selector, bits: foreign }));
  }
  const changes = [...byKind].flatMap(([kind, rules]) => {
    if (rules.every(({ before, after }) => before === after)) return [];
    if (ordered.has(kind)) return [changeAddressRules(kind, rules)];
    return rules.filter(({ before, after }) => before !== after).map(changeOf);
  });
  return { changes, byHand };
}

function bitsAfter(wanted: number, last: number, now: number): number {
  return (now & ~(last & ~wanted)) | wanted;
}

function changeOf(change: RuleChange): Change {
  const { selector, before, after } = change;
  const say = (bits: number): Change['apply'] =>
    bits === 0
      ? (control) => control.rules.remove(selector)
      : (control) => control.rules.add({ selector, bits });
  return { text: textOfChanges([change]), apply: say(after), revert: say(before) };
}
