import type { OptionsDefinition } from '@camflow/api';
import * as v from 'valibot';

/** Options of the fifo output. */
export interface FifoOptions {
  /** Absolute path of the named pipe. */
  readonly path: string;
}

/** The keys of `[fifo]`. */
export const fifoOptions: OptionsDefinition<FifoOptions> = {
  schema: v.object({
    path: v.optional(
      v.pipe(
        v.string(),
        v.startsWith('/', 'expected an absolute path'),
        v.check((path) => !path.includes('\0') && !path.endsWith('/'), 'expected the path of a named pipe'),
      ),
      '/run/camflow/camflowd-pipe',
    ),
  }),
  keys: {
    path: {
      summary:
        'Named pipe to write to: an absolute path; made with mode 0640 (its folder with 0750) where it is missing.',
      default: '/run/camflow/camflowd-pipe',
    },
  },
};
