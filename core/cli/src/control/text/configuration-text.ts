import {
  type Accounts,
  actionsOf,
  type EffectivePolicy,
  type FilterName,
  namesInFilter,
  type RuleKind,
  subjectText,
} from '@camflow/kernel';

const relationFilters = ['derived', 'generated', 'used', 'informed'] as const;
const propagateFilters = [
  'propagateDerived',
  'propagateGenerated',
  'propagateUsed',
  'propagateInformed',
] as const;

/** Sections that CamFlow writes, and those that are written only where they have lines: it does not know them. */
const sections: readonly (readonly [RuleKind, 'always' | 'filled'])[] = [
  ['ipv4-ingress', 'always'],
  ['ipv4-egress', 'always'],
  ['user', 'always'],
  ['group', 'always'],
  ['secctx', 'always'],
  ['ipv6-ingress', 'filled'],
  ['ipv6-egress', 'filled'],
  ['cgroup', 'filled'],
];

/**
 * The text of `-c`: a camflow.ini that gives this policy again. The section `[relay]` stands at its end with what
 * CamFlow's documentation recommends, because its kernel cannot be asked and must not be told zero.
 */
export function configurationText(policy: EffectivePolicy, accounts: Accounts): string {
  const { switches, filters } = policy;
  const named = (key: string, ...names: readonly FilterName[]): string[] =>
    names.flatMap((name) => namesInFilter(name, filters[name]).map((type) => `${key}=${type}`));
  return [
    ';Auto-generated configuration',
    '[provenance]',
    'machine_id=0',
    `enabled=${switches.enabled}`,
    `all=${switches.all}`,
    ...named('node_filter', 'node'),
    ...named('propagate_node_filter', 'propagateNode'),
    ...named('relation_filter', ...relationFilters),
    // CamFlow writes it twice, and scripts may look for either.
    ...named('propagate_node_filter', 'propagateNode'),
    ...named('propagate_relation_filter', ...propagateFilters),
    '',
    '[compression]',
    `version=${switches.version}`,
    `node=${switches.compressNode}`,
    `edge=${switches.compressEdge}`,
    `duplicate=${switches.duplicate}`,
    ...sections.flatMap(([kind, when]) => {
      const lines = ruleLines(policy, kind, accounts);
      return when === 'always' || lines.length > 0 ? ['', `[${kind}]`, ...lines] : [];
    }),
    '',
    '[relay]',
    'buff_exp=20',
    'subuf_nb=8',
  ].join('\n');
}

function ruleLines({ rules }: EffectivePolicy, kind: RuleKind, accounts: Accounts): string[] {
  return rules
    .filter(({ selector }) => selector.kind === kind)
    .flatMap((rule) => actionsOf(rule.bits).map((action) => `${action}=${subjectText(rule, accounts)}`));
}
