import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { runInGuest } from '@camflow/guest';
import { beforeAll, describe, expect, test } from 'vitest';
import { buildWorkload } from '../capture/capture-in-guest.ts';
import { whyNoCapture } from '../capture/why-no-capture.ts';

const reason = whyNoCapture('6.1', 'long');
const note = reason === undefined ? '' : ` (skipped: ${reason})`;
const run = test.skipIf(reason !== undefined);
const full = process.env['CAMFLOW_LOAD'] === 'full';
const seconds = full ? 600 : 80;

const numberOf = (text: string): number => Number(text.replaceAll(',', ''));

describe(`the whole system recorded for ${seconds} seconds under the heaviest load`, () => {
  let said: string[];
  const told = (about: string): string[] =>
    said.flatMap((line) => (line.startsWith(`${about} `) ? [line.slice(about.length + 1)] : []));
  beforeAll(async () => {
    if (reason !== undefined) return;
    const folder = mkdtempSync(path.join(tmpdir(), 'camflow-load-'));
    try {
      const script = fileURLToPath(new URL('../../fixtures/guest/load.sh', import.meta.url));
      const result = await runInGuest({
        command: ['bash', '/root/load.sh', String(seconds)],
        put: [buildWorkload('counting', folder), { host: script, guest: '/root/load.sh' }],
        memoryMib: 2048,
        timeoutMs: 1_790_000,
      });
      said = result.stdout.toString().split('\n');
      console.log(said.join('\n'));
      expect(result.stderr.toString()).toBe('');
    } finally {
      rmSync(folder, { recursive: true });
    }
  }, 1_800_000);

  run(`the recorder stops in order, and something was done${note}`, () => {
    expect(told('status')).toEqual(['0']);
    expect(numberOf(told('rounds')[0]!)).toBeGreaterThan(seconds / 20);
  });

  run(`the balance is zero: what the kernel took is delivered or lost for a cause${note}`, () => {
    const [balance] = told('balance');
    const [, produced, delivered, filtered, dropped] = (
      /^([\d,]+) produced = ([\d,]+) delivered \+ ([\d,]+) filtered \+ ([\d,]+) dropped/.exec(balance!) ?? []
    ).map((text) => numberOf(text));
    expect(balance).not.toMatch(/pending|left in the spool/);
    expect(delivered! + filtered! + dropped!).toBe(produced);
    expect(delivered).toBeGreaterThan(10_000);
    const [, taken] = /([\d,]+) records/.exec(told('doctor').join('\n')) ?? [];
    expect(produced).toBe(numberOf(taken!));
  });

  run(`the recorder's memory is flat${note}`, () => {
    const memory = told('memory').map(numberOf);
    expect(memory).toHaveLength(20);
    const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
    // In a short run the engine still makes itself at home.
    expect(mean(memory.slice(15)) / mean(memory.slice(5, 10))).toBeLessThan(full ? 1.05 : 1.25);
  });

  run(`a program starts without a stall${note}`, () => {
    const [, starts, median, most] = /^starts (\d+) median (\d+) most (\d+)$/.exec(told('probe')[0]!) ?? [];
    console.log(`${starts} programs were started: median ${median} ms, most ${most} ms`);
    // On two emulated processors that both do all they can.
    expect(Number(median)).toBeLessThan(1000);
    expect(Number(most)).toBeLessThan(10_000);
  });
});
