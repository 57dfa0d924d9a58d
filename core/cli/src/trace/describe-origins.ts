import type { Thing } from './things.ts';
import type { Origin, Origins } from './trace-origins.ts';

/** Deeper than this nobody reads on. */
const mostDepth = 60;

/**
 * Where a thing came from, as a tree: below each thing stands what it came from, with the relations in the model's
 * words. What was told before is only named again.
 */
export function describeOrigins(origins: Origins): string {
  const lines = [nameOf(origins.target)];
  const told = new Set([origins.target.key]);
  const tell = (key: string, indent: string): void => {
    const from = [...origins.of(key)].sort(byClosenessThenName);
    for (const [index, { thing, by }] of from.entries()) {
      const last = index === from.length - 1;
      const again = told.has(thing.key) && origins.of(thing.key).length > 0;
      lines.push(
        `${indent}${last ? '└─' : '├─'} ${by.join(', ')}: ${nameOf(thing)}${again ? ' (see above)' : ''}`,
      );
      if (told.has(thing.key)) continue;
      told.add(thing.key);
      if (indent.length < mostDepth * 3) tell(thing.key, `${indent}${last ? '   ' : '│  '}`);
    }
  };
  tell(origins.target.key, '');
  return lines.join('\n');
}

function nameOf({ key, kind, name }: Thing): string {
  if (kind === 'process') return `${name === '' ? 'a process' : name} (${key})`;
  if (kind === 'file') return name === '' ? 'a file without a name' : name;
  return name === '' ? kind : `${kind} ${name}`;
}

/** What was read before who started whom. */
function byClosenessThenName(a: Origin, b: Origin): number {
  const rank = ({ by }: Origin): number => (by.every((type) => type.startsWith('clone')) ? 1 : 0);
  return rank(a) - rank(b) || (a.thing.name < b.thing.name ? -1 : 1);
}
