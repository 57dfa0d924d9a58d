import type { OptionsDefinition } from '@camflow/api';
import type { Dialect, InvalidUtf8 } from '@camflow/format-compiler';
import * as v from 'valibot';

/** Options of the W3C format. */
export interface W3cOptions {
  /** How attributes are written. */
  readonly dialect: Dialect;
  /** What becomes of bytes in text that are not UTF-8. */
  readonly invalidUtf8: InvalidUtf8;
  /** A document is closed before it would be larger than this, in bytes; a single larger record stands alone. */
  readonly unitBytes: number;
}

const smallestUnitBytes = 1024;
const largestUnitBytes = 4 << 20;

const schema = v.pipe(
  v.looseObject({
    dialect: v.optional(v.picklist(['default', 'camflow']), 'default'),
    invalid_utf8: v.optional(v.picklist(['escape', 'replace'])),
    unit_bytes: v.optional(
      v.pipe(
        v.string(),
        v.regex(/^[0-9]+$/, 'not a whole number'),
        v.transform(Number),
        v.minValue(smallestUnitBytes),
        v.maxValue(largestUnitBytes),
      ),
      '65536',
    ),
  }),
  v.transform(
    ({ dialect, invalid_utf8, unit_bytes }): W3cOptions => ({
      dialect,
      invalidUtf8: invalid_utf8 ?? (dialect === 'camflow' ? 'replace' : 'escape'),
      unitBytes: unit_bytes,
    }),
  ),
);

/** Options of the W3C format as configuration gives them. */
export const w3cOptions: OptionsDefinition<W3cOptions> = {
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
    unit_bytes: {
      summary: `Size of a document, in bytes, at which the next one begins: ${smallestUnitBytes} to ${largestUnitBytes}.`,
      default: '65536',
    },
  },
};
