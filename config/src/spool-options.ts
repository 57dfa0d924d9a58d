import type { OptionsDefinition } from '@camflow/api';
import * as v from 'valibot';
import { integer, oneOf } from './option-values.ts';

const modes = ['overflow', 'always', 'off'] as const;
const fullRules = ['block', 'drop_oldest', 'drop_newest'] as const;
const syncRules = ['none', 'interval', 'batch'] as const;

/** How an output is spooled: keys that every section of an output takes. */
export interface SpoolOptions {
  readonly mode: (typeof modes)[number];
  /** In milliseconds; 0 for no delay. */
  readonly delayMs: number;
  readonly maxSizeBytes: number;
  /** In milliseconds; 0 for no limit. */
  readonly maxAgeMs: number;
  readonly whenFull: (typeof fullRules)[number];
  readonly sync: (typeof syncRules)[number];
}

const schema = v.pipe(
  v.object({
    spool: v.optional(oneOf('a way to spool', modes), 'overflow'),
    spool_delay_ms: v.optional(integer(0, 600_000), '100'),
    spool_max_size: v.optional(integer(262_144, 1_000_000_000_000), '1073741824'),
    spool_max_age: v.optional(integer(0, 100_000_000), '0'),
    spool_full: v.optional(oneOf('a rule for a full spool', fullRules), 'drop_oldest'),
    spool_sync: v.optional(oneOf('a sync rule', syncRules), 'interval'),
  }),
  v.transform(
    (given): SpoolOptions => ({
      mode: given.spool,
      delayMs: given.spool_delay_ms,
      maxSizeBytes: given.spool_max_size,
      maxAgeMs: given.spool_max_age * 1000,
      whenFull: given.spool_full,
      sync: given.spool_sync,
    }),
  ),
);

/** The keys of every output that say how it is spooled. */
export const spoolOptions: OptionsDefinition<SpoolOptions> = {
  schema,
  keys: {
    spool: {
      summary:
        'When units go to the spool on the disk: `overflow`, when memory has no room for what the output has not taken; `always`, also what it has not acknowledged after spool_delay_ms; `off`, never: an output that is gone then holds back the others.',
      default: 'overflow',
    },
    spool_delay_ms: {
      summary:
        'Milliseconds that an output has to acknowledge units before they go to the spool, for spool=always; 0: they go there before the output gets them. What a source that cannot be read again gave for so long is lost where the recorder is killed.',
      default: '100',
    },
    spool_max_size: { summary: 'Bytes that the spool may take.', default: '1073741824' },
    spool_max_age: { summary: 'Seconds that units may wait in the spool; 0 for any time.', default: '0' },
    spool_full: {
      summary:
        'What happens at these limits: `drop_oldest`, `drop_newest`, both counted as lost, or `block`: nothing more is read, for no output.',
      default: 'drop_oldest',
    },
    spool_sync: {
      summary:
        'When units in the spool are forced to the disk: `interval`, within a second; `batch`, before the source may forget them; `none`, when the kernel likes.',
      default: 'interval',
    },
  },
};
