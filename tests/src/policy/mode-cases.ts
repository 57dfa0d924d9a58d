import { parseAddressRange } from '@camflow/api';
import { actionBits, type RuleSelector, type SwitchName } from '@camflow/kernel';
import type { CapturedGraph } from '../capture/captured-graph.ts';
import { versionRelations } from '../capture/graph-faults.ts';
import type { FlowRun, PolicyMachine } from './policy-case.ts';

const port = 5103;

/** What a mode changes. Of what is counted only matters whether there is none, one or more of it. */
export interface GraphFigures {
  readonly records: HowMany;
  /** The most versions of a file, a task, and whatever else the kernel has an object for. */
  readonly versions: HowMany;
  /** The most relations into one version of such an object, but for its names and the version before it. */
  readonly intoOneVersion: HowMany;
  /** The most writes into one version of the file `out`. */
  readonly writesIntoOneVersion: HowMany;
  /** The most records of one version. */
  readonly recordsOfOneVersion: HowMany;
}

/** How many there are of something. */
export type HowMany = 'none' | 'one' | 'several';

/** Switches set otherwise than they are, and what becomes of the same programs' graph by it. */
export interface ModeCase {
  readonly name: string;
  readonly switches: Partial<Record<SwitchName, boolean>>;
  readonly figures: GraphFigures;
  /** Whether what goes out of an object and comes in again is a cycle. Default false. */
  readonly cycles?: boolean;
}

const usual: GraphFigures = {
  records: 'several',
  versions: 'several',
  intoOneVersion: 'several',
  writesIntoOneVersion: 'one',
  recordsOfOneVersion: 'one',
};

/** Every mode, and none. */
export const modeCases: readonly ModeCase[] = [
  { name: 'no mode', switches: {}, figures: usual },
  {
    name: 'node compression off',
    switches: { compressNode: false },
    figures: { ...usual, intoOneVersion: 'one' },
  },
  {
    name: 'edge compression off',
    switches: { compressEdge: false },
    figures: { ...usual, writesIntoOneVersion: 'several' },
  },
  {
    name: 'node and edge compression off',
    switches: { compressNode: false, compressEdge: false },
    figures: { ...usual, intoOneVersion: 'one' },
  },
  {
    name: 'versions off',
    switches: { version: false },
    figures: { ...usual, versions: 'one' },
    cycles: true,
  },
  {
    name: 'duplicates on',
    switches: { duplicate: true },
    figures: { ...usual, recordsOfOneVersion: 'several' },
  },
  {
    name: 'capture off',
    switches: { enabled: false },
    figures: {
      records: 'none',
      versions: 'none',
      intoOneVersion: 'none',
      writesIntoOneVersion: 'none',
      recordsOfOneVersion: 'none',
    },
  },
];

/** Must be there in every mode in which anything is: every kind of node, those that exist only in a record included. */
export const shownInEveryMode: readonly string[] = [
  'read file third > task',
  'memory_write task > process_memory',
  'memory_read process_memory > task',
  'write task > file out',
  'named path out > file out',
  'send_packet socket > packet',
  'send_packet socket > packet6',
  'packet_content packet_content in > packet',
  'packet_content packet_content in > packet6',
  'setattr task > iattr',
  'setattr_inode iattr > file third',
  'setxattr task > xattr trusted.colour',
  'getxattr xattr trusted.colour > task',
];

/** What is run in every mode, in a folder of its own. */
export const modeRuns: readonly FlowRun[] = [
  { words: ['repeat', 'in', 'out'] },
  { words: ['net', '4', 'stream', String(port), 'in', 'over4'] },
  { words: ['net', '6', 'datagram', String(port), 'in', 'over6'] },
  { words: ['handle', 'in', 'handled'] },
];

/** Has the file `in` tracked and what comes of it, and packets recorded. */
export function sayForModes({ control, folder }: PolicyMachine): void {
  control.files.mark(`${folder}/in`, { tracked: true, propagate: true });
  const selectors: readonly RuleSelector[] = [
    { kind: 'ipv4-egress', range: parseAddressRange(4, `127.0.0.1/32:${port}`) },
    { kind: 'ipv6-egress', range: parseAddressRange(6, `[::1]/128:${port}`) },
  ];
  for (const selector of selectors) control.rules.add({ selector, bits: actionBits.record });
}

/** Objects that there are only while a record is made of them; paths are named by what they say. */
const passing = new Set(['iattr', 'xattr', 'packet', 'packet6', 'packet_content', 'address', 'path']);

/** Counts what modes change. */
export function figuresOf({ records, snapshots, nodes, relations }: CapturedGraph): GraphFigures {
  const lasting = snapshots.filter(({ type }) => !passing.has(type));
  const into = relations.filter(
    ({ type, to }) => type !== 'named' && !versionRelations.has(type) && !passing.has(to.type),
  );
  const named = relations.filter(
    ({ type, from }) => type === 'named' && nodes.get(from.key)?.bytes?.toString().endsWith('/out'),
  );
  const out = new Set(named.map(({ to }) => to.object));
  const writes = into.filter(({ type, to }) => type === 'write' && out.has(to.object));
  const versions = new Map(lasting.map(({ key, object }) => [key, object]));
  return {
    records: howMany(records),
    versions: mostAlike([...versions.values()]),
    intoOneVersion: mostAlike(into.map(({ to }) => to.key)),
    writesIntoOneVersion: mostAlike(writes.map(({ to }) => to.key)),
    recordsOfOneVersion: mostAlike(lasting.map(({ key, epoch }) => `${key} ${epoch}`)),
  };
}

function mostAlike(keys: readonly string[]): HowMany {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return howMany(Math.max(0, ...counts.values()));
}

function howMany(count: number): HowMany {
  return count > 1 ? 'several' : count === 1 ? 'one' : 'none';
}
