import type { ConfigurationProblem } from '@camflow/config';
import { kernelBootUuid, type ProvenanceControl } from '@camflow/kernel';
import { type AppliedState, emptyState, isOfThisStart } from './applied-state.ts';
import type { Change } from './change.ts';
import type { DesiredPolicy } from './desired-policy.ts';
import { findRefusals } from './find-refusals.ts';
import { planFiles } from './plan-files.ts';
import { planFilters } from './plan-filters.ts';
import { planRules } from './plan-rules.ts';
import { planSwitches } from './plan-switches.ts';
import { settingsTooLate } from './settings-too-late.ts';

/** Everything that is to be done so that the kernel does what the file says. */
export interface PolicyPlan {
  /** In the order of CamFlow: files, filters, rules, switches. */
  readonly changes: readonly Change[];
  /** What is in force without being in the file, and stays. */
  readonly byHand: readonly string[];
  readonly warnings: readonly string[];
  /** What the kernel would refuse: where there is any, nothing is to be done. */
  readonly refusals: readonly ConfigurationProblem[];
  /** What is to be remembered once it is done. */
  readonly state: AppliedState;
}

/**
 * Compares what is wanted with what is there. Changes nothing.
 * @param path - where the policy comes from
 */
export function planPolicy(
  desired: DesiredPolicy,
  remembered: AppliedState,
  control: ProvenanceControl,
  path: string,
  kernelBoot: string = kernelBootUuid(),
): PolicyPlan {
  // With a restart the kernel forgets everything but the marks of files.
  const applied = isOfThisStart(remembered, kernelBoot)
    ? remembered
    : { ...emptyState, files: remembered.files };
  const current = control.policy.read();
  const files = planFiles(desired, applied, control);
  const filters = planFilters(desired, applied, current.filters);
  const rules = planRules(desired, applied, current.rules);
  const switches = planSwitches(desired, applied, control.switches);
  const all = [...files.changes, ...filters.changes, ...rules.changes, ...switches.changes];
  const isStop = ({ text }: Change): boolean => text === 'enabled=false';
  return {
    changes: [...all.filter(isStop), ...all.filter((change) => !isStop(change))],
    byHand: [...files.byHand, ...filters.byHand, ...rules.byHand, ...switches.byHand],
    warnings: [...files.warnings, ...settingsTooLate(desired, applied, control)],
    refusals: findRefusals(desired, applied, current.rules, control, path),
    state: {
      kernelBoot,
      switches: new Map([...desired.switches].map(([name, { on }]) => [name, on])),
      filters: desired.filters,
      rules: desired.rules,
      files: files.files,
      relay: applied.relay,
    },
  };
}

/** What is to be remembered while changes are being made: all that was, or may be, told. */
export function unionOf(before: AppliedState, after: AppliedState): AppliedState {
  const filters = new Map(before.filters);
  for (const [name, bits] of after.filters) filters.set(name, (filters.get(name) ?? 0n) | bits);
  const rules = new Map(before.rules);
  for (const [key, rule] of after.rules) {
    rules.set(key, { ...rule, bits: rule.bits | (rules.get(key)?.bits ?? 0) });
  }
  const files = new Map(before.files);
  for (const [path, file] of after.files) {
    const last = files.get(path);
    const bits = last?.identity === file.identity ? last.bits : 0;
    files.set(path, { ...file, bits: file.bits | bits });
  }
  return { ...after, filters, rules, files };
}
