import type { Channel } from './channel.ts';

/** How many things the sieve holds: by its sum, and by its slots together. They differ only while either changes. */
export interface SieveCounts {
  readonly sum: number;
  readonly slots: number;
}

/**
 * Reads the sieve by which hooks are left early, slot by slot, which takes seconds.
 * @throws CamflowError where no capture is pinned
 */
export function sieveCounts(channel: Channel): SieveCounts {
  return channel.use('cf_sieve', (map) => {
    const last = map.fact('max_entries')! - 1;
    const read = (slot: number): number => Buffer.from(map.need(slot, 4)).readUInt32LE();
    let slots = 0;
    for (let slot = 0; slot < last; slot++) slots += read(slot);
    return { sum: read(last), slots };
  });
}
