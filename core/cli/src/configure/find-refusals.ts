import { describeError } from '@camflow/api';
import type { ConfigurationProblem } from '@camflow/config';
import { type ProvenanceControl, type Refusal, type Rule, selectorKey } from '@camflow/kernel';
import type { AppliedState } from './applied-state.ts';
import type { DesiredPolicy } from './desired-policy.ts';

/**
 * What the kernel would refuse of a policy, so that it is known before anything is changed, and by a check.
 * @param current - the rules that are in force
 * @param path - where the policy comes from
 */
export function findRefusals(
  desired: DesiredPolicy,
  applied: AppliedState,
  current: readonly Rule[],
  control: ProvenanceControl,
  path: string,
): ConfigurationProblem[] {
  const inForce = new Map(current.map((rule) => [selectorKey(rule.selector), rule]));
  const present = current.filter(({ selector, bits }) => {
    const key = selectorKey(selector);
    return desired.rules.has(key) || (bits & ~(applied.rules.get(key)?.bits ?? 0)) !== 0;
  });
  const added = [...desired.rules].filter(([key]) => !inForce.has(key)).map(([, rule]) => rule);
  const relay = control.recording.isPrepared() ? undefined : desired.relay;
  return control.refusals({ present, added, relay }).map((refusal) => problemOf(refusal, desired, path));
}

function problemOf(
  { about, error }: Refusal,
  { origins }: DesiredPolicy,
  path: string,
): ConfigurationProblem {
  const [name, where] =
    about === 'relay' ? [about, undefined] : [about.kind, origins.get(selectorKey(about))];
  return { code: error.code, where: where ?? path, message: `${name}: ${describeError(error)}` };
}
