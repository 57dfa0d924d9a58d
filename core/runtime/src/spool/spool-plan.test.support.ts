import path from 'node:path';
import type { SpoolPlan } from './spool-plan.ts';

/** The plan of a spool in a folder `out` of this one, which keeps what its output falls behind by, and syncs nothing. */
export function spoolPlan(folder: string, more: Partial<SpoolPlan> = {}): SpoolPlan {
  return {
    folder: path.join(folder, 'out'),
    target: { place: 'here', format: 'lines' },
    mode: 'overflow',
    delayMs: 0,
    maxSizeBytes: 64 << 20,
    maxAgeMs: 0,
    whenFull: 'drop_oldest',
    sync: 'none',
    ...more,
  };
}
