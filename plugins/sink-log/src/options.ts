import type { OptionsDefinition } from '@camflow/api';
import * as v from 'valibot';

/** When what was written is made durable. */
export type SyncRule = 'none' | 'batch' | 'interval';

/** Options of the log output. */
export interface LogOptions {
  /** Absolute path of the file. */
  readonly path: string;
  readonly sync: SyncRule;
  /** Longest time between a write and its sync, in milliseconds; for `interval`. */
  readonly syncIntervalMs: number;
}

const schema = v.pipe(
  v.object({
    path: v.optional(
      v.pipe(
        v.string(),
        v.startsWith('/', 'expected an absolute path'),
        v.check((path) => !path.includes('\0') && !path.endsWith('/'), 'expected the path of a file'),
      ),
      '/var/log/camflow/audit.log',
    ),
    sync: v.optional(v.picklist(['none', 'batch', 'interval'], 'expected none, batch or interval'), 'batch'),
    sync_interval_ms: v.optional(
      v.pipe(
        v.string(),
        v.regex(/^\d{1,7}$/, 'expected a whole number of milliseconds'),
        v.transform(Number),
        v.minValue(10, 'expected at least 10'),
        v.maxValue(600_000, 'expected at most 600000'),
      ),
      '1000',
    ),
  }),
  v.transform(({ sync_interval_ms, ...rest }): LogOptions => ({ ...rest, syncIntervalMs: sync_interval_ms })),
);

/** The keys of `[log]`. */
export const logOptions: OptionsDefinition<LogOptions> = {
  schema,
  keys: {
    path: {
      summary: 'File to append to: an absolute path; created with mode 0640, its folder with 0750.',
      default: '/var/log/camflow/audit.log',
    },
    sync: {
      summary:
        'When written data is forced to the disk: with every batch (`batch`: a power cut loses nothing that was reported as delivered), at least every sync_interval_ms (`interval`), or when the kernel likes and at stop (`none`).',
      default: 'batch',
    },
    sync_interval_ms: {
      summary: 'Longest time between a write and its sync, in milliseconds, for sync=interval.',
      default: '1000',
    },
  },
};
