import { writeAtomically } from '../control/identity-files.ts';
import type { Channel } from './channel.ts';
import { idsOfOneLoad, mostLoads } from './id-ranges.ts';
import { structures, writeStructure } from './layout.ts';
import { textOfFile } from './text-of-file.ts';

/** How often programs were loaded since the machine was started: in memory, as what it tells apart is. */
const file = '/run/camflow/loads';

/**
 * Has the programs of a channel, which were just loaded, count identifiers up from where no others of this start of the
 * machine do: not those that were unloaded before, nor those of another channel. Nodes that are not the same are never
 * called the same, in whatever output they come together. After 1,024 loads it begins anew. Call it under the control
 * lock.
 */
export function numberIds(channel: Channel): void {
  const load = countLoad();
  const first = (BigInt(load) % mostLoads) * idsOfOneLoad;
  channel.use('cf_ids', (map) => {
    const ids = map.need(0, structures.cf_ids.size);
    writeStructure('cf_ids', ids, { node: first, relation: first });
    map.set(0, ids);
  });
}

/** @returns how many there were before */
function countLoad(): number {
  const before = Number.parseInt(textOfFile(file), 10);
  const load = Number.isSafeInteger(before) && before > 0 ? before : 0;
  writeAtomically(file, Buffer.from(`${load + 1}\n`), 0o600);
  return load;
}
