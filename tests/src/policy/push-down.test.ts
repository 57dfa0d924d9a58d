import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { SourceCapabilities } from '@camflow/api';
import { runInGuest } from '@camflow/guest';
import { beforeAll, describe, expect, test } from 'vitest';
import { buildWorkload, whyNoCapture } from '../capture/capture-in-guest.ts';
import { compilePolicy } from './compile-policy.ts';
import { pushDownCases } from './push-down-cases.ts';
import { type RecordedCase, unpackRecordedCases } from './recorded-cases.ts';
import { expectSameGraph } from './same-graph.ts';

const recordedFile = '/root/push-down.json.gz';
/** What the source of BPF programs applies itself. */
const capabilities: SourceCapabilities = {
  finite: false,
  rereadable: false,
  heldBatches: 0,
  pushDown: ['types', 'ends'],
};

type Shed = Readonly<Record<'expected' | 'told' | 'written' | 'toldAgain' | 'toldAfter', number>>;

describe.for(['6.1', '6.12'] as const)('what the programs leave out for a policy, on %s', (kernel) => {
  const reason = whyNoCapture(kernel, 'long');
  const note = reason === undefined ? '' : ` (skipped: ${reason})`;
  const run = test.skipIf(reason !== undefined);
  let recorded: ReadonlyMap<string, RecordedCase>;
  let shed: Shed;

  beforeAll(async () => {
    if (reason !== undefined) return;
    const folder = mkdtempSync(path.join(tmpdir(), 'camflow-push-down-'));
    try {
      const { status, stdout, stderr, files } = await runInGuest({
        kernel,
        bpfLsm: true,
        cpus: 2,
        command: ['node', '/camflow/tests/dist/policy/run-push-down.js', recordedFile],
        put: [buildWorkload('flows', folder)],
        fetch: [recordedFile],
        timeoutMs: 290_000,
      });
      if (status !== 0) throw new Error(`the cases did not run to their end: ${stderr}`);
      shed = JSON.parse(stdout.toString());
      recorded = unpackRecordedCases(files.get(recordedFile)!);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }, 600_000);

  run.for(pushDownCases)(
    `$name: the same graph as by the workers${note}`,
    async ({ policy, name, neverWritten }) => {
      const { hash, filter } = await compilePolicy(policy, capabilities);
      const told = recorded.get(name)!;
      expect(told.hash).toBe(hash);
      expectSameGraph(told, filter, neverWritten);
    },
  );

  run(`what is shed is not written, and counted exactly once, whoever tells it${note}`, () => {
    const { expected, told: first, written, toldAgain, toldAfter } = shed;
    expect(expected).toBeGreaterThan(3);
    expect({ written, first, toldAgain, toldAfter }).toEqual({
      written: 0,
      first: expected,
      // The recorder before did not see it taken over.
      toldAgain: expected,
      toldAfter: 0,
    });
  });
});
