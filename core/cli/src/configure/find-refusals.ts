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
  const stays = (rule: Rule): boolean => {
    const key = selectorKey(rule.selector);
    return desired.rules.has(key) || (rule.bits & ~(applied.rules.get(key)?.bits ?? 0)) !== 0;
  };
  const kept = current.filter(stays);
  const known = new Set(kept.map(({ selector }) => selectorKey(selector)));
  const added = [...desired.rules].filter(([key]) => !known.has(key)).map(([, rule]) => rule);
  const relay = control.recording.isPrepared() ? undefined : desired.relay;
  return control
    .refusals({ rules: [...kept, ...added], relay })
    .map((refusal) => problemOf(refusal, desired, path));
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
