import { CamflowError, nearestName } from '@camflow/api';
import {
  type AddressRuleKind,
  accountId,
  actionBits,
  type RuleAction,
  type RuleSelector,
  selectorText,
} from '@camflow/kernel';
import type { ControlContext, Outcome } from '../control-context.ts';
import { type ControlOption, done, option } from '../control-option.ts';
import {
  accountName,
  addressRange,
  addressVerb,
  cgroup,
  cgroupVerb,
  identityVerb,
  securityContext,
} from '../parameters.ts';

function apply(
  { control }: ControlContext,
  flag: string,
  selector: RuleSelector,
  verb: RuleAction | 'delete',
  text = '',
): Outcome {
  if (verb === 'delete') control.rules.remove(selector);
  else control.rules.add({ selector, bits: actionBits[verb] });
  return done(flag, { kind: selector.kind, subject: selectorText(selector), verb }, text);
}

function addressOption(kind: AddressRuleKind): ControlOption {
  const flag = `--track-${kind}`;
  const when = kind.endsWith('ingress') ? 'bind' : 'connect';
  const range = addressRange(kind.startsWith('ipv4') ? 4 : 6);
  return option('Rules', flag, `track/propagate on ${when}.`, [range, addressVerb], (context, given, verb) =>
    apply(context, flag, { kind, range: given }, verb, 'Only apply to newly created connection.'),
  );
}

function accountOption(kind: 'user' | 'group'): ControlOption {
  const flag = `--track-${kind}`;
  const parameters = [accountName(kind), identityVerb] as const;
  return option('Rules', flag, `track/propagate based on ${kind}.`, parameters, (context, name, verb) => {
    const id = requireAccount(context, kind, name);
    return apply(context, flag, { kind, id }, verb);
  });
}

function requireAccount({ accounts }: ControlContext, kind: 'user' | 'group', name: string): number {
  const id = accountId(accounts, kind, name);
  if (id !== undefined) return id;
  const nearest = nearestName(name, ['root', 'nobody', 'daemon', 'www-data']);
  throw new CamflowError('USAGE', `There is no ${kind} "${name.slice(0, 80)}"`, {
    hint: nearest === undefined ? `Name a ${kind} that \`getent\` knows.` : `Did you mean ${nearest}?`,
  });
}

/** Options about what processes and sockets have in common. */
export const ruleOptions: readonly ControlOption[] = [
  ...(['ipv4-ingress', 'ipv4-egress', 'ipv6-ingress', 'ipv6-egress'] as const).map(addressOption),
  option(
    'Rules',
    '--track-secctx',
    'track/propagate based on security context.',
    [securityContext, identityVerb],
    (context, text, verb) => apply(context, '--track-secctx', { kind: 'secctx', context: text }, verb),
  ),
  option(
    'Rules',
    '--track-cgroup',
    'track/propagate based on cgroup.',
    [cgroup, cgroupVerb],
    (context, id, verb) => apply(context, '--track-cgroup', { kind: 'cgroup', id }, verb),
  ),
  accountOption('user'),
  accountOption('group'),
];
