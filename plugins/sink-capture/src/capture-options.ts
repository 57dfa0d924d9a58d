import { isAbsolute } from 'node:path';
import type { OptionsDefinition } from '@camflow/api';
import * as v from 'valibot';

/** When written bytes are made durable. */
export type SyncRule = 'none' | 'batch' | 'interval';

/** Options of the capture output. */
export interface CaptureOptions {
  /** Absolute path of the capture file. */
  readonly path: string;
  readonly sync: SyncRule;
}

const defaultPath = '/var/log/camflow/camflow.capture';

/** `path` and `sync`. */
export const captureOptions: OptionsDefinition<CaptureOptions> = {
  schema: v.object({
    path: v.optional(v.pipe(v.string(), v.check(isAbsolute, 'the path must be absolute')), defaultPath),
    sync: v.optional(v.picklist(['none', 'batch', 'interval']), 'interval'),
  }),
  keys: {
    path: {
      summary:
        'Capture file to write; one that is there is kept beside it under the time of its last change.',
      default: defaultPath,
    },
    sync: {
      summary:
        'When records count as delivered: none, once written; interval, written and synced within a second; batch, synced.',
      default: 'interval',
    },
  },
};
