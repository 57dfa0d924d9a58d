import {
  type FieldTest,
  type FilterRule,
  nodeTypeNamed,
  type RecordFilter,
  type RecordView,
  relationTypeNamed,
} from '@camflow/api';

/** Whether a filter keeps a record: the contract's words, without any speed. */
export function keeps(filter: RecordFilter | null, view: RecordView): boolean {
  const decisive = filter?.rules.find((rule) => matches(rule, view));
  return decisive === undefined || decisive.action === 'keep';
}

function matches(rule: FilterRule, view: RecordView): boolean {
  const names = view.type.category === 'node' ? rule.nodes : rule.relations;
  const unnamed = rule.nodes === undefined && rule.relations === undefined;
  const named = names?.some((name) => name === '*' || name === view.type.name) ?? false;
  return (named || unnamed) && (rule.where ?? []).every((test) => holds(test, view));
}

function holds(test: FieldTest, view: RecordView): boolean {
  const value = fieldValue(test.field, view);
  if (value === undefined) return false;
  const relation = test.field === 'type' && view.type.category === 'relation';
  const wanted = test.values.map((text) => codeOf(text, relation));
  return wanted.some((other) => (test.op === 'in' ? other === value : (other & value) !== 0n));
}

function fieldValue(field: string, view: RecordView): bigint | undefined {
  const end = field === 'snd.type' ? view.from : field === 'rcv.type' ? view.to : undefined;
  if (end !== undefined) return Buffer.from(end, 'base64').readBigUInt64LE();
  if (!view.fieldNames.includes(field)) return undefined;
  const value = view.field(field);
  return typeof value === 'number' || typeof value === 'bigint'
    ? BigInt.asUintN(64, BigInt(value))
    : undefined;
}

/** A value of a test as the bits of a field. Values that name nothing match nothing. */
function codeOf(text: string, relation: boolean): bigint {
  if (/^-?\d/.test(text)) return BigInt.asUintN(64, BigInt(text));
  return (relation ? relationTypeNamed(text) : nodeTypeNamed(text))?.code ?? 0n;
}
