import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { StreamId } from '@camflow/api';
import { expect, test } from 'vitest';
import { outputLosses } from '../spool/inspect-spool.ts';
import { spoolPlan } from '../spool/spool-plan.test.support.ts';
import { imbalance, KeepingSink, RoundsSource, runToEnd } from './harness.test.support.ts';
import { fileRecord } from './records.test.support.ts';

const short: StreamId = { cpu: 0, kind: 'short' };
const records = Buffer.concat([fileRecord({ id: 1 }), fileRecord({ id: 2 })]);

test('a loss of which nobody knows the size is a gap, counted as one, and in no other figure', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'unknown-loss-'));
  try {
    const spool = spoolPlan(folder, { mode: 'off' });
    const sink = new KeepingSink();
    // Of one cause and stream those that wait are one gap.
    const source = new RoundsSource([
      [{ stream: short, records, lossOfUnknownSize: ['state_failures'] }],
      [{ stream: short, records, lossOfUnknownSize: ['state_failures', 'missed'], loss: { ring_full: 3 } }],
    ]);
    const report = await runToEnd({ source, outputs: [['line-format', sink]], spools: [spool] });
    expect(sink.lines.filter((line) => line.startsWith('gap '))).toHaveLength(3);
    const unknownGaps = { state_failures: 1, missed: 1 };
    expect(report.outputs[0]).toMatchObject({
      delivered: 4,
      produced: 7,
      dropped: { ring_full: 3 },
      unknownGaps,
    });
    expect(imbalance(report.outputs[0]!)).toBe(0);
    expect(report.sourceLossOfUnknownSize).toEqual(['state_failures', 'missed']);
    expect((await outputLosses(folder)).get('out')).toMatchObject({ records: { ring_full: 3 }, unknownGaps });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
