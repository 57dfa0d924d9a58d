import { CamflowError } from '@camflow/api';
import { addressRules, contextBytes } from '../../bpf/layout.ts';
import type { PolicyRequest, Refusal } from '../refusals.ts';
import type { Rule } from '../rules.ts';

/** What the maps of the BPF programs have no room for. Asks no map: the programs need not be loaded. */
export function refusalsOfPrograms({ rules }: PolicyRequest): Refusal[] {
  return [
    ...longContexts(rules),
    ...tooManyAddresses(rules, 'ingress'),
    ...tooManyAddresses(rules, 'egress'),
  ];
}

function longContexts(rules: readonly Rule[]): Refusal[] {
  return rules.flatMap(({ selector }) => {
    const bytes = selector.kind === 'secctx' ? Buffer.byteLength(selector.context) : 0;
    if (bytes < contextBytes) return [];
    const hint = `The longest has ${contextBytes - 1}.`;
    const message = `A security context of ${bytes} bytes is too long`;
    return [{ about: selector, error: new CamflowError('CONFIG_BAD_VALUE', message, { hint }) }];
  });
}

/** Both families share the rules of a direction. */
function tooManyAddresses(rules: readonly Rule[], direction: 'ingress' | 'egress'): Refusal[] {
  const { most } = addressRules;
  const all = rules.filter(({ selector }) => selector.kind.endsWith(direction));
  const first = all[most];
  if (first === undefined) return [];
  const message = `${all.length} ${direction} rules are more than ${most}`;
  const hint = 'Join neighbouring address ranges.';
  return [{ about: first.selector, error: new CamflowError('CONFIG_BAD_VALUE', message, { hint }) }];
}
