import type { OptionsDefinition } from '@camflow/api';
import * as v from 'valibot';
import type { RotationRules } from './rotation.ts';

/** When what was written is made durable. */
export type SyncRule = 'none' | 'batch' | 'interval';

/** Options of the log output. */
export interface LogOptions {
  /** Absolute path of the file. */
  readonly path: string;
  readonly sync: SyncRule;
  /** Longest time between a write and its sync, in milliseconds; for `interval`. */
  readonly syncIntervalMs: number;
  readonly rotation: RotationRules;
  /** Whether a chain of hashes is kept beside the file. */
  readonly chain: boolean;
}

const number = (unit: string) =>
  v.pipe(
    v.optional(v.pipe(v.string(), v.regex(/^\d{1,15}$/, `expected a whole number of ${unit}`)), '0'),
    v.transform(Number),
  );
const boolean = v.pipe(
  v.optional(v.picklist(['true', 'false'], 'expected true or false'), 'false'),
  v.transform((text) => text === 'true'),
);

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
    rotate_size: number('bytes'),
    rotate_interval: number('seconds'),
    rotate_compress: boolean,
    rotate_keep: number('files'),
    rotate_keep_seconds: number('seconds'),
    chain: boolean,
  }),
  v.transform(
    (given): LogOptions => ({
      path: given.path,
      sync: given.sync,
      syncIntervalMs: given.sync_interval_ms,
      chain: given.chain,
      rotation: {
        sizeBytes: given.rotate_size,
        intervalMs: given.rotate_interval * 1000,
        compress: given.rotate_compress,
        keep: given.rotate_keep,
        keepMs: given.rotate_keep_seconds * 1000,
      },
    }),
  ),
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
    rotate_size: {
      summary:
        'Bytes at which the file gets the name of an old one and a new one begins; 0 for never. Only a unit that is longer makes a longer file.',
      default: '0',
    },
    rotate_interval: { summary: 'Seconds after which it does; 0 for never.', default: '0' },
    rotate_compress: { summary: 'Whether old files are compressed (gzip).', default: 'false' },
    rotate_keep: { summary: 'Old files that are kept; 0 for all.', default: '0' },
    rotate_keep_seconds: { summary: 'Seconds that old files are kept; 0 for ever.', default: '0' },
    chain: {
      summary:
        'Whether a chain of hashes is kept beside the file, by which `camflow verify` tells whether anything was changed or removed.',
      default: 'false',
    },
  },
};
