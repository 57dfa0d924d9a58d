import {
  type FieldTest,
  type FilterRule,
  nodeTypeNamed,
  type RecordFilter,
  type RecordType,
  recordTypes,
} from '@camflow/api';
import { relationKey } from './relation-counts.ts';

/** Relations of one type that are left out: those from, and those to, nodes of these types, as bits of their codes. */
export interface LeftOutEnds {
  readonly from: bigint;
  readonly to: bigint;
}

/** What the programs leave out for the recorder's own policy. */
export interface LeftOut {
  /** Bits 0 to 47 of the codes of types of nodes. */
  readonly nodes: bigint;
  /** By the key of the relation in the programs; types of which nothing is left out are not in it. */
  readonly relations: ReadonlyMap<number, LeftOutEnds>;
}

/** Nothing. */
export const nothingLeftOut: LeftOut = { nodes: 0n, relations: new Map() };

const subtypes = (1n << 48n) - 1n;
const nodeTypes = recordTypes.filter(({ category }) => category === 'node');
const relationTypes = recordTypes.filter(({ category }) => category === 'relation');
const everyNode = bitsOf(nodeTypes);
const endFields: ReadonlySet<string> = new Set(['snd.type', 'rcv.type']);

/** A rule about relations of one type: the ends that it matches, and what it says of them. */
interface EndRule {
  readonly drops: boolean;
  readonly from: bigint;
  readonly to: bigint;
}

/**
 * As much of a filter as the programs can apply: types, and relations by the type of either end. What is in here the
 * filter leaves out; what it leaves out by both ends together, or by anything else, is not in here.
 */
export function leftOutBy(filter: RecordFilter | null): LeftOut {
  const rules = decidableRules(filter?.rules ?? []);
  if (rules.length === 0) return nothingLeftOut;
  const relations = new Map<number, LeftOutEnds>();
  for (const type of relationTypes) {
    const ends = leftOutEnds(rules.filter((rule) => concerns(rule, type)).map(endRule));
    if (ends.from !== 0n || ends.to !== 0n) relations.set(relationKey(type), ends);
  }
  return { nodes: bitsOf(nodeTypes.filter((type) => leavesOutNodes(rules, type))), relations };
}

/** Up to the first rule that keeps something by what the programs do not look at; those that drop so are passed over. */
function decidableRules(rules: readonly FilterRule[]): FilterRule[] {
  const isDecidable = ({ where = [] }: FilterRule): boolean =>
    where.every(({ field }) => endFields.has(field));
  const end = rules.findIndex((rule) => rule.action === 'keep' && !isDecidable(rule));
  return (end < 0 ? rules : rules.slice(0, end)).filter(isDecidable);
}

function concerns(rule: FilterRule, { category, name }: RecordType): boolean {
  if (rule.nodes === undefined && rule.relations === undefined) return true;
  const names = category === 'node' ? rule.nodes : rule.relations;
  return names !== undefined && (names.includes('*') || names.includes(name));
}

/** Nodes have no ends: a rule that asks for one does not match them. */
function leavesOutNodes(rules: readonly FilterRule[], type: RecordType): boolean {
  const first = rules.find((rule) => (rule.where ?? []).length === 0 && concerns(rule, type));
  return first?.action === 'drop';
}

function endRule({ action, where = [] }: FilterRule): EndRule {
  const matched = (field: string): bigint =>
    bitsOf(nodeTypes.filter(({ code }) => where.every((test) => test.field !== field || holds(test, code))));
  return { drops: action === 'drop', from: matched('snd.type'), to: matched('rcv.type') };
}

function holds({ op, values }: FieldTest, code: bigint): boolean {
  return values.some((value) => {
    const wanted = /^(0x[0-9a-f]+|-?\d+)$/i.test(value)
      ? BigInt.asUintN(64, BigInt(value))
      : (nodeTypeNamed(value)?.code ?? 0n);
    return op === 'in' ? wanted === code : (wanted & code) !== 0n;
  });
}

function leftOutEnds(rules: readonly EndRule[]): LeftOutEnds {
  if (!rules.some(({ drops }) => drops)) return { from: 0n, to: 0n };
  const drops = (from: bigint, to: bigint): boolean =>
    rules.find((rule) => (rule.from & from) !== 0n && (rule.to & to) !== 0n)?.drops === true;
  const bits = nodeTypes.map((type) => bitsOf([type]));
  const sum = (chosen: readonly bigint[]): bigint => chosen.reduce((all, bit) => all | bit, 0n);
  const from = sum(bits.filter((end) => bits.every((other) => drops(end, other))));
  // Where nothing else is left, nothing is left to ask the other end for.
  return {
    from,
    to: from === everyNode ? 0n : sum(bits.filter((end) => bits.every((other) => drops(other, end)))),
  };
}

function bitsOf(types: readonly RecordType[]): bigint {
  return types.reduce((bits, { code }) => bits | (code & subtypes), 0n);
}
