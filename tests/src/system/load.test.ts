import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type CapturedResult, runInGuest } from '@camflow/guest';
import { beforeAll, describe, expect, test } from 'vitest';
import { buildWorkload } from '../capture/capture-in-guest.ts';
import { whyNoCapture } from '../capture/why-no-capture.ts';
import { repositoryRoot } from '../structure/workspace.ts';
import { type LoadFigures, loadFiguresOf, loadPage, memoryGrowth } from './load-figures.ts';

const reason = whyNoCapture('6.1', 'long');
const note = reason === undefined ? '' : ` (skipped: ${reason})`;
const run = test.skipIf(reason !== undefined);
/** As `pnpm load` asks for it: ten minutes, and the page that tells of them. */
const full = process.env['CAMFLOW_LOAD'] === 'full';
const seconds = full ? 600 : 80;

describe(`the whole system recorded for ${seconds} seconds under the heaviest load`, () => {
  let result: CapturedResult;
  let figures: LoadFigures;
  beforeAll(async () => {
    if (reason !== undefined) return;
    const folder = mkdtempSync(path.join(tmpdir(), 'camflow-load-'));
    try {
      const script = fileURLToPath(new URL('../../fixtures/guest/load.sh', import.meta.url));
      result = await runInGuest({
        command: ['bash', '/root/load.sh', String(seconds)],
        put: [buildWorkload('counting', folder), { host: script, guest: '/root/load.sh' }],
        memoryMib: 2048,
        timeoutMs: 1_790_000,
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
    if (result.status !== 0 || result.timedOut)
      throw new Error(`the guest ended with ${result.status}: ${result.stderr}${result.stdout}`);
    const said = result.stdout.toString();
    figures = loadFiguresOf(said);
    const page = loadPage(figures);
    console.log(`${said}\n${page}`);
    if (full) writeFileSync(path.join(repositoryRoot, 'docs/load.md'), page);
  }, 1_800_000);

  run(`the recorder stops in order, and something was done${note}`, () => {
    expect(figures.status).toBe('0');
    expect(figures.rounds).toBeGreaterThan(0);
    expect(result.stderr.toString()).toBe('');
    expect(result.kernelLog).not.toMatch(/WARNING:|BUG:/);
  });

  run(`the balance is zero: what the kernel took is delivered or lost for a cause${note}`, () => {
    const { balance, produced, delivered, filtered, dropped, taken } = figures;
    expect(balance).not.toMatch(/pending|left in the spool/);
    expect(delivered + filtered + dropped).toBe(produced);
    expect(delivered).toBeGreaterThan(10_000);
    // What the programs write is never at fault; what the recorder says of it is printed above.
    expect(balance).not.toMatch(/format_failed|malformed/);
    // Nothing is to be shed: what is has no number.
    expect(produced).toBe(taken);
  });

  run(`the recorder's memory is flat${note}`, () => {
    expect(figures.memory).toHaveLength(20);
    // It takes minutes, emulated, until all that may be used was used once: a short run tells that this comes to an end.
    expect(memoryGrowth(figures, 'third')).toBeLessThan(full ? 1.05 : 1.25);
  });

  run(`a program starts without a stall${note}`, () => {
    // On two emulated processors that both do all they can.
    expect(figures.starts.median).toBeLessThan(1000);
    expect(figures.starts.most).toBeLessThan(10_000);
  });
});
