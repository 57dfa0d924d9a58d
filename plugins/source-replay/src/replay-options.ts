import type { OptionsDefinition } from '@camflow/api';
import * as v from 'valibot';

/** Options of the replay source. */
export interface ReplayOptions {
  /** A folder of raw relay files, or a capture file. */
  readonly path: string;
  /** Time of capture in milliseconds since 1970, instead of the one that the files tell. */
  readonly date: number | undefined;
  /** How many times the input is read. */
  readonly loop: number;
}

/** Seconds in UTC, written as ISO 8601 has it or as CamFlow writes dates: with colons throughout. */
const datePattern = /^\d{4}([-:])\d\d\1\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?$/;

function millisecondsOf(date: string): number {
  return Date.parse(`${date.slice(0, 10).replaceAll(':', '-')}${date.slice(10).replace(/Z?$/, 'Z')}`);
}

/** `path`, `date` and `loop`. */
export const replayOptions: OptionsDefinition<ReplayOptions> = {
  schema: v.object({
    path: v.pipe(v.string(), v.nonEmpty('a folder or a capture file must be named')),
    date: v.optional(
      v.pipe(
        v.string(),
        v.check(
          (text) => datePattern.test(text) && !Number.isNaN(millisecondsOf(text)),
          'write the date as 2022-11-01T12:34:56Z',
        ),
        v.transform(millisecondsOf),
      ),
    ),
    loop: v.pipe(
      v.optional(v.string(), '1'),
      v.regex(/^[1-9]\d{0,8}$/, 'write a whole number from 1 up'),
      v.transform(Number),
    ),
  }) as OptionsDefinition<ReplayOptions>['schema'],
  keys: {
    path: { summary: 'Folder of raw relay files, or capture file, to read.' },
    date: {
      summary: 'Date and time (UTC) to give all records, as 2022-11-01T12:34:56Z; else that of the input.',
    },
    loop: { summary: 'How many times to read the input, for measurements.', default: '1' },
  },
};
