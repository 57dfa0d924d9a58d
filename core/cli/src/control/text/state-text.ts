import {
  type Accounts,
  actionsOf,
  type EffectivePolicy,
  type FilterName,
  namesInFilter,
  type RuleKind,
  subjectText,
} from '@camflow/kernel';

/** What `-s` shows. */
export interface ShownState {
  readonly machineId: number;
  readonly policy: EffectivePolicy;
  readonly policyHash: Uint8Array;
  readonly captured: boolean;
  /** Whether rules about IPv6 addresses exist here. */
  readonly hasIpv6: boolean;
}

/** Heads of the filters, in the order of CamFlow. */
const filterTitles: readonly (readonly (readonly [FilterName, string])[])[] = [
  [
    ['node', 'Node'],
    ['derived', 'Derived'],
    ['generated', 'Generated'],
    ['used', 'Used'],
    ['informed', 'Informed'],
  ],
  [
    ['propagateNode', 'Propagate node'],
    ['propagateDerived', 'Propagate derived'],
    ['propagateGenerated', 'Propagate generated'],
    ['propagateUsed', 'Propagate used'],
    ['propagateInformed', 'Propagate informed'],
  ],
];

const ipv6Titles: readonly (readonly [RuleKind, string])[] = [
  ['ipv6-ingress', 'IPv6 ingress'],
  ['ipv6-egress', 'IPv6 egress'],
];

/** The hash as it is shown: upper-case hexadecimal, two digits for every byte. */
export function hashText(hash: Uint8Array): string {
  return Buffer.from(hash).toString('hex').toUpperCase();
}

/** The text of `-s`, in CamFlow's words. */
export function stateText(state: ShownState, accounts: Accounts): string {
  const { enabled, all, compressNode, compressEdge, duplicate } = state.policy.switches;
  const word = (on: boolean): string => (on ? 'enabled' : 'disabled');
  return [
    `Machine id: ${state.machineId}`,
    `Policy hash: ${hashText(state.policyHash)}`,
    'Provenance capture:',
    `- capture ${word(enabled)};`,
    `- all ${word(all)};`,
    state.captured ? '- provenance has been captured;' : '- provenance was not captured;',
    `- node compression ${word(compressNode)};`,
    `- edge compression ${word(compressEdge)};`,
    `- duplication ${word(duplicate)};`,
    '',
    ...filterTitles.flatMap((titles) => [...filterLines(titles, state.policy), '']),
    ...ruleLines(state, accounts),
  ].join('\n');
}

function filterLines(titles: readonly (readonly [FilterName, string])[], policy: EffectivePolicy): string[] {
  return titles.flatMap(([name, title]) => {
    const bits = policy.filters[name];
    return [`${title} filter (${bits.toString(16)}):`, ...namesInFilter(name, bits)];
  });
}

function ruleLines({ policy, hasIpv6 }: ShownState, accounts: Accounts): string[] {
  const titles: readonly (readonly [RuleKind, string])[] = [
    ['ipv4-ingress', 'IPv4 ingress'],
    ['ipv4-egress', 'IPv4 egress'],
    ...(hasIpv6 ? ipv6Titles : []),
    ['secctx', 'Security context'],
    ['cgroup', 'Namespace'],
    ['user', 'User'],
    ['group', 'Group'],
  ];
  return titles.flatMap(([kind, title]) => {
    const rules = policy.rules.filter(({ selector }) => selector.kind === kind);
    const lines = rules.map((rule) => `${subjectText(rule, accounts)} ${actionsOf(rule.bits).join(' ')}`);
    return [`${title} filter (${rules.length}).`, ...lines];
  });
}
