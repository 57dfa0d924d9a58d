import { checkContext } from '../../bpf/context-key.ts';
import { activeSecurityModules } from '../../bpf/object-file.ts';
import { resolveSelector } from '../cgroups.ts';
import type { RuleSelector, RuleTarget } from '../rules.ts';
import { requireContexts } from './security-contexts.ts';

/**
 * What a rule of the BPF programs is to be about, looked up and found acceptable; programs need not be loaded for it.
 * @throws CamflowError `UNSUPPORTED` or `CONFIG_BAD_VALUE`
 */
export function acceptSelector(target: RuleTarget): RuleSelector {
  const selector = resolveSelector(target);
  if (selector.kind === 'secctx') {
    checkContext(selector.context);
    requireContexts(activeSecurityModules());
  }
  return selector;
}
