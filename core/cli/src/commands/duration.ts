import { CamflowError } from '@camflow/api';

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/**
 * Reads a duration: `500ms`, `10s`, `5m`, `1h`.
 * @returns milliseconds
 * @throws CamflowError `USAGE`
 */
export function parseDuration(text: string): number {
  const [, number, unit] = /^(\d{1,6})(ms|s|m|h)$/.exec(text) ?? [];
  if (number === undefined || unit === undefined) {
    throw new CamflowError('USAGE', `${text} is no duration`, { hint: 'Write 10s, 5m or 1h.' });
  }
  return Number(number) * unitsMs[unit]!;
}
