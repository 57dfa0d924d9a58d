import type { EffectivePolicy } from './effective-policy.ts';
import { hashPolicy } from './policy-hash.ts';
import type { PolicyControl, ProvenanceControl } from './provenance-control.ts';
import { ruleKinds } from './rules.ts';

/** The policy as a whole, put together from the parts that a back end reads. */
export function wholePolicy(
  control: Pick<ProvenanceControl, 'switches' | 'filters' | 'rules' | 'recording'>,
): PolicyControl {
  const read = (): EffectivePolicy => ({
    switches: control.switches.read(),
    filters: control.filters.read(),
    // A rule that says nothing is not in effect.
    rules: ruleKinds.flatMap((kind) => control.rules.list(kind)).filter(({ bits }) => bits !== 0),
  });
  return { read, hash: () => hashPolicy(read(), control.recording.version()) };
}
