import {
  apiVersion,
  definePlugin,
  type FilterRule,
  hashRecordFilter,
  type OptionsDefinition,
  type PolicyDefinition,
  type PolicyProgram,
  type RawOptions,
  type RecordFilter,
  type SourceCapabilities,
} from '@camflow/api';

type Compile = (rules: readonly FilterRule[], capabilities: SourceCapabilities) => PolicyProgram;

const options: OptionsDefinition<RawOptions> = {
  schema: {
    '~standard': { version: 1, vendor: 'none', validate: (value) => ({ value: value as RawOptions }) },
  },
  keys: { nodes: { summary: 'Node type to drop.' }, uid: { summary: 'User whose records to drop.' } },
};

const filterOf = (rules: readonly FilterRule[]): RecordFilter | null => (rules.length > 0 ? { rules } : null);

/** Pushes down the types, if the source takes them. */
const compile: Compile = (rules, { pushDown }) => {
  const hash = hashRecordFilter({ rules });
  if (!pushDown.includes('types')) return { hash, pushDown: null, filter: filterOf(rules) };
  const types = rules.filter((rule) => rule.where === undefined);
  return {
    hash,
    pushDown: filterOf(types),
    filter: filterOf(rules),
  };
};

function rulesOf(raw: RawOptions): FilterRule[] {
  const rules: FilterRule[] = [];
  if (raw.nodes) rules.push({ action: 'drop', nodes: [raw.nodes as string] });
  if (raw.uid)
    rules.push({
      action: 'drop',
      nodes: ['*'],
      where: [{ field: 'uid', op: 'in', values: [raw.uid as string] }],
    });
  return rules;
}

function define(compileRules: Compile, rules = rulesOf): PolicyDefinition<RawOptions> {
  const head = { kind: 'policy', name: 'trial', summary: 'For tests.', apiVersion, options } as const;
  return definePlugin({
    ...head,
    create: (raw: RawOptions) => ({
      compile: (capabilities: SourceCapabilities) => compileRules(rules(raw), capabilities),
    }),
  });
}

/** A policy that keeps every rule. */
export const goodPolicy: PolicyDefinition<RawOptions> = define(compile);

let compiled = 0;
const unsendable = (): boolean => true;

/** One policy per rule, broken in that respect alone. */
export const brokenPolicies: Readonly<Record<string, PolicyDefinition<RawOptions>>> = {
  'policy/definition': { ...goodPolicy },
  'policy/pure': define((rules, capabilities) => {
    const values = [String(4_000_000_000 + compiled++)];
    const rule: FilterRule = { action: 'drop', nodes: ['task'], where: [{ field: 'uid', op: 'in', values }] };
    const program = compile(rules, capabilities);
    return capabilities.pushDown.length > 0 ? { ...program, filter: { rules: [rule, ...rules] } } : program;
  }),
  'policy/option-order': define(compile, (raw) =>
    Object.keys(raw)[0] === 'uid' ? rulesOf(raw).reverse() : rulesOf(raw),
  ),
  'policy/plain-data': define((rules, capabilities) => ({
    ...compile(rules, capabilities),
    test: unsendable,
  })),
  'policy/push-down-offered': define((rules, capabilities) =>
    compile(rules, { ...capabilities, pushDown: ['types'] }),
  ),
  'policy/push-down-equal': define((rules, capabilities) => {
    const program = compile(rules, capabilities);
    return program.pushDown ? { ...program, filter: null } : program;
  }),
  'policy/known-names': define((rules, capabilities) =>
    compile([...rules, { action: 'drop', nodes: ['direktory'] }], capabilities),
  ),
  'policy/hash-form': define((rules, capabilities) => {
    const program = compile(rules, capabilities);
    return { ...program, hash: program.hash.toUpperCase() };
  }),
  'policy/hash-of-policy': define((rules, capabilities) => {
    const program = compile(rules, capabilities);
    return { ...program, hash: hashRecordFilter(program.pushDown ?? program.filter) };
  }),
  'policy/hash-differs': define((rules, capabilities) => ({
    ...compile(rules, capabilities),
    hash: '0'.repeat(64),
  })),
  'policy/input-untouched': define((rules, capabilities) => {
    const program = compile(rules, capabilities);
    (capabilities.pushDown as string[]).push('types');
    return program;
  }),
};
