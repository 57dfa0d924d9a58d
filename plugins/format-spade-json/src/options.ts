import type { OptionsDefinition } from '@camflow/api';
import type { Dialect, InvalidUtf8 } from '@camflow/format-compiler';
import * as v from 'valibot';

/** Options of the SPADE format. */
export interface SpadeOptions {
  /** How attributes are written. */
  readonly dialect: Dialect;
  /** What becomes of bytes in text that are not UTF-8. */
  readonly invalidUtf8: InvalidUtf8;
}

const schema = v.pipe(
  v.looseObject({
    dialect: v.optional(v.picklist(['default', 'camflow']), 'default'),
    invalid_utf8: v.optional(v.picklist(['escape', 'replace'])),
  }),
  v.transform(
    ({ dialect, invalid_utf8 }): SpadeOptions => ({
      dialect,
      invalidUtf8: invalid_utf8 ?? (dialect === 'camflow' ? 'replace' : 'escape'),
    }),
  ),
);

/** Options of the SPADE format as configuration gives them. */
export const spadeOptions: OptionsDefinition<SpadeOptions> = {
  schema,
  keys: {
    dialect: {
      summary: 'Attribute forms: `default`, or `camflow` for exactly those of CamFlow 0.9.',
      default: 'default',
    },
    invalid_utf8: {
      summary:
        'Bytes in text that are not UTF-8: `escape` writes each as U+EF80 to U+EFFF, which can be undone; `replace` writes U+FFFD.',
      default: 'escape; replace in dialect camflow',
    },
  },
};
