import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runInGuest } from '@camflow/guest';
import { beforeAll, describe, expect, test } from 'vitest';
import { buildWorkload, whyNoCapture } from '../capture/capture-in-guest.ts';
import { pushDownCases } from './push-down-cases.ts';

interface Described {
  readonly lines: readonly string[];
  readonly types: readonly string[];
  readonly records: number;
}

interface Told {
  readonly outcomes: Readonly<Record<string, { readonly pushed: Described; readonly whole: Described }>>;
  readonly shed: Readonly<Record<'expected' | 'told' | 'written' | 'toldAgain' | 'toldAfter', number>>;
}

describe.for(['6.1', '6.12'] as const)('what the programs leave out for a policy, on %s', (kernel) => {
  const reason = whyNoCapture(kernel, 'long');
  const note = reason === undefined ? '' : ` (skipped: ${reason})`;
  const run = test.skipIf(reason !== undefined);
  let told: Told;

  beforeAll(async () => {
    if (reason !== undefined) return;
    const folder = mkdtempSync(path.join(tmpdir(), 'camflow-push-down-'));
    try {
      const { status, stdout, stderr } = await runInGuest({
        kernel,
        bpfLsm: true,
        cpus: 2,
        command: ['node', '/camflow/tests/dist/policy/run-push-down.js'],
        put: [buildWorkload('flows', folder)],
        timeoutMs: 290_000,
      });
      if (status !== 0) throw new Error(`the cases did not run to their end: ${stderr}`);
      told = JSON.parse(stdout.toString());
    } finally {
      rmSync(folder, { recursive: true });
    }
  }, 600_000);

  run.for(pushDownCases)(`$name: the same graph as by the workers${note}`, ({ name, neverWritten }) => {
    const { pushed, whole } = told.outcomes[name]!;
    expect(pushed.lines.length).toBeGreaterThan(3);
    expect(pushed.lines).toEqual(whole.lines);
    expect(pushed.types.filter((type) => neverWritten.includes(type))).toEqual([]);
    expect(neverWritten.filter((type) => !whole.types.includes(type))).toEqual([]);
    if (neverWritten.length > 0) expect(pushed.records).toBeLessThan(whole.records);
  });

  run(`what is shed is not written, and counted exactly once, whoever tells it${note}`, () => {
    const { expected, told: first, written, toldAgain, toldAfter } = told.shed;
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
