import type { Thing } from './things.ts';
import type { Origin, Origins } from './trace-origins.ts';

/** Deeper than this nobody reads on. */
const mostDepth = 100;

/** A line of the tree, and those below it. */
interface Branch {
  readonly text: string;
  readonly below: readonly Branch[];
}

/**
 * Where a thing came from, as a tree: below each thing stands what it came from, with the relations in the model's
 * words. What was told before is only named again.
 */
export function describeOrigins(origins: Origins): string {
  const told = new Set([origins.target.key]);
  const branchesOf = (key: string, depth: number): Branch[] =>
    [...origins.of(key)].sort(dataBeforeStarts).flatMap((origin) => {
      const { thing, by } = origin;
      const known = told.has(thing.key);
      // Who started whom is told once: nearly everything was started by the same shell.
      if (known && isStart(origin)) return [];
      told.add(thing.key);
      const more = origins.of(thing.key).length > 0 && (known || depth === mostDepth);
      const text = `${by.join(', ')}: ${nameOf(thing)}${more ? (known ? ' (see above)' : ' ...') : ''}`;
      return [{ text, below: known || depth === mostDepth ? [] : branchesOf(thing.key, depth + 1) }];
    });
  return [nameOf(origins.target), ...draw(branchesOf(origins.target.key, 1))].join('\n');
}

function draw(branches: readonly Branch[]): string[] {
  return branches.flatMap(({ text, below }, index) => {
    const last = index === branches.length - 1;
    const lines = draw(below).map((line) => `${last ? '   ' : '│  '}${line}`);
    return [`${last ? '└─' : '├─'} ${text}`, ...lines];
  });
}

function nameOf({ key, kind, name }: Thing): string {
  if (kind === 'process') return `${name === '' ? 'a process' : name} (${key})`;
  if (kind === 'file') return name === '' ? 'a file without a name' : name;
  return name === '' ? kind : `${kind} ${name}`;
}

function dataBeforeStarts(a: Origin, b: Origin): number {
  return Number(isStart(a)) - Number(isStart(b)) || (a.thing.name < b.thing.name ? -1 : 1);
}

function isStart({ by }: Origin): boolean {
  return by.every((type) => type === 'clone' || type === 'clone_mem');
}
