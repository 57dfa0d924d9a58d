import { type RecordType, type RelationClass, recordTypes } from '@camflow/api';
import type { Channel } from './channel.ts';
import { readStructure, relationClasses, structures, type Values } from './layout.ts';
import { possibleCpus } from './possible-cpus.ts';

/**
 * What became of one type of relation on all CPUs since the programs were loaded. Each that was `offered` is in exactly
 * one of the others.
 */
export type RelationCount = Readonly<Record<keyof Values<'cf_count'>, number>>;

const classes: readonly RelationClass[] = relationClasses;
const keys = classes.length * 64;

/** What the programs know a type of relation by: the key of their counts. */
export function relationKey({ class: kind, code }: RecordType): number {
  const bit = (code & 0xffff_ffff_ffffn).toString(2).length - 1;
  return classes.indexOf(kind as RelationClass) * 64 + bit;
}

/** Names of relations by their key in the map; those without one are called by class and bit. */
function relationNames(): Map<number, string> {
  const names = new Map<number, string>();
  for (const type of recordTypes) if (type.category === 'relation') names.set(relationKey(type), type.name);
  return names;
}

/**
 * Counts of every type of relation that was offered, by its name.
 * @throws CamflowError where no capture is pinned
 */
export function relationCounts(channel: Channel): ReadonlyMap<string, RelationCount> {
  const { size } = structures.cf_count;
  const cpus = possibleCpus();
  const names = relationNames();
  const counts = new Map<string, RelationCount>();
  channel.use('cf_counts', (map) => {
    for (let key = 0; key < keys; key++) {
      const bytes = map.need(key, size * cpus);
      const sum: Record<string, number> = {};
      for (let cpu = 0; cpu < cpus; cpu++) {
        for (const [name, value] of Object.entries(readStructure('cf_count', bytes, cpu * size))) {
          sum[name] = (sum[name] ?? 0) + Number(value);
        }
      }
      if (sum['offered'] === 0) continue;
      const name = names.get(key) ?? `${classes[Math.floor(key / 64)]} ${key % 64}`;
      counts.set(name, sum as RelationCount);
    }
  });
  return counts;
}
