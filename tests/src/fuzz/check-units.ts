import { checkJson, type UnitCollector } from '@camflow/testkit';

/**
 * Says what is wrong with the output for a batch: every unit must be one JSON value without a key twice, in
 * UTF-8, without NUL, with a newline at its end, and every record must be accounted for.
 * @param count - records of the batch
 * @returns undefined where everything is right
 */
export function problemWith(out: UnitCollector, count: number, format: string): string | undefined {
  if (out.unitOpen) return 'a unit was left open';
  if (out.breaches.length > 0) return out.breaches.join('; ');
  if (out.accounted !== count) return `${out.accounted} of ${count} records are accounted for`;
  const { bytes } = out;
  let start = 0;
  for (const end of out.ends) {
    const problem = checkJson(bytes, start, end);
    if (problem) return `${problem.message} at byte ${problem.at} of ${preview(bytes, start, end)}`;
    if (bytes[end - 1] !== 0x0a) return `no newline at the end of ${preview(bytes, start, end)}`;
    if (format === 'spade_json') {
      if (bytes.indexOf(0x0a, start) !== end - 1) return `a newline within ${preview(bytes, start, end)}`;
      const annotations = bytes.indexOf('"annotations":', start);
      if (annotations < 0 || annotations > end) return `no annotations in ${preview(bytes, start, end)}`;
    }
    start = end;
  }
  return undefined;
}

function preview(bytes: Buffer, start: number, end: number): string {
  return JSON.stringify(bytes.subarray(start, Math.min(end, start + 400)).toString());
}
