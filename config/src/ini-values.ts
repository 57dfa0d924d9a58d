import type { RawOptions } from '@camflow/api';
import { parse } from 'ini';

/**
 * The values of one section by key, in order; a key given more than once has a list.
 *
 * `ini` on its own would cut values at `#` (an MQTT topic filter `a/#`), take quotes and backslashes for syntax
 * and nest section names at their dots; CamFlow's files know nothing of the kind. So it gets one section at a
 * time, with every value quoted, and gives it back as it was written.
 */
export function groupValues(assignments: readonly { key: string; value: string }[]): RawOptions {
  const lines = assignments.map(({ key, value }) => `${key}=${JSON.stringify(value)}`);
  const parsed = parse(['[section]', ...lines].join('\n'), { bracketedArray: false });
  // It also turns the words true, false and null into values.
  return Object.fromEntries(
    Object.entries(parsed['section'] as object).map(([key, value]) => [
      key,
      Array.isArray(value) ? value.map(String) : String(value),
    ]),
  );
}
