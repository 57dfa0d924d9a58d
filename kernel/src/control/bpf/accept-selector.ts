import { CamflowError, formatAddressRange, ipv4MappedPrefix } from '@camflow/api';
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
  if ('range' in selector) refuseMapped(selector);
  return selector;
}

/** The programs have one table for both families, in which such a rule is one about IPv4, and would be listed as that. */
function refuseMapped({ kind, range }: Extract<RuleSelector, { readonly range: unknown }>): void {
  const { family, address, prefix, port } = range;
  const mappedBytes = ipv4MappedPrefix.length;
  if (family === 4 || prefix < 8 * mappedBytes) return;
  if (!ipv4MappedPrefix.every((byte, at) => address[at] === byte)) return;
  const ipv4 = {
    family: 4,
    address: address.slice(mappedBytes),
    prefix: prefix - 8 * mappedBytes,
    port,
  } as const;
  throw new CamflowError('CONFIG_BAD_VALUE', `${formatAddressRange(range)} are addresses of IPv4`, {
    hint: `Make it a rule about ${kind.replace('ipv6', 'ipv4')}: ${formatAddressRange(ipv4)}.`,
  });
}
