import { type AddressRange, addressRangesOverlap, compareAddressRanges } from '@camflow/api';
import {
  type ProvenanceControl,
  type Rule,
  type RuleKind,
  type RuleSelector,
  selectorKey,
} from '@camflow/kernel';
import type { Change } from './change.ts';
import { type RuleChange, textOfChanges } from './rule-change.ts';

/**
 * The change of all rules about the addresses of one family and direction. Of those that overlap the first one in the
 * kernel's list holds, and CamFlow 0.9 appends: so the most specific one is added first, and one that is less specific
 * than another that is added is made anew behind it. The policy does not depend on the order of lines then.
 *
 * @param rules - all that are there or are to be, those that do not change included, in the kernel's order
 */
export function changeAddressRules(kind: RuleKind, rules: readonly RuleChange[]): Change {
  const kept = rules
    .filter(({ after }) => after !== 0)
    .sort((one, other) => compareAddressRanges(rangeOf(one), rangeOf(other)));
  const anew = rulesToMake(kept);
  const removed = rules.filter((rule) => rule.before !== 0 && (rule.after === 0 || anew.has(rule)));
  const added = kept.filter((rule) => rule.after !== rule.before || anew.has(rule));
  const there = rules.filter(({ before }) => before !== 0);
  return {
    text: textOfChanges(rules),
    apply: (control) => {
      for (const { selector } of removed) control.rules.remove(selector);
      for (const { selector, after } of added) control.rules.add({ selector, bits: after });
    },
    revert: (control) => restore(kind, there, control),
  };
}

/** The rules that come to the end of the list: new ones, those that say less, and those that must be behind these. */
function rulesToMake(inOrder: readonly RuleChange[]): ReadonlySet<RuleChange> {
  const made = new Set<RuleChange>();
  for (const rule of inOrder) {
    const isNew = rule.before === 0 || (rule.before & ~rule.after) !== 0;
    const isBehind = [...made].some((earlier) => addressRangesOverlap(rangeOf(earlier), rangeOf(rule)));
    if (isNew || isBehind) made.add(rule);
  }
  return made;
}

/** Makes the list what it was, its order included, however far a change of it got. */
function restore(kind: RuleKind, there: readonly RuleChange[], control: ProvenanceControl): void {
  const now = control.rules.list(kind);
  const differs = now.findIndex((rule, at) => !isStill(rule, there[at]));
  const same = differs < 0 ? now.length : differs;
  for (const { selector } of now.slice(same)) control.rules.remove(selector);
  for (const { selector, before } of there.slice(same)) control.rules.add({ selector, bits: before });
}

function isStill(rule: Rule, was: RuleChange | undefined): boolean {
  return (
    was !== undefined && rule.bits === was.before && selectorKey(rule.selector) === selectorKey(was.selector)
  );
}

function rangeOf({ selector }: RuleChange): AddressRange {
  // Only rules about addresses come here.
  return (selector as Extract<RuleSelector, { readonly range: unknown }>).range;
}
