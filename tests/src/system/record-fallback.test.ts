import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runInGuest } from '@camflow/guest';
import { beforeAll, describe, expect, test } from 'vitest';
import { buildWorkload } from '../capture/capture-in-guest.ts';
import { whyNoCapture } from '../capture/why-no-capture.ts';
import { type SaidAbout, saidBy } from './said-by.ts';

const reason = whyNoCapture('6.1', 'long');
const note = reason === undefined ? '' : ` (skipped: ${reason})`;
const run = test.skipIf(reason !== undefined);

describe('where bpf is not among the security modules', () => {
  let said: SaidAbout;
  beforeAll(async () => {
    if (reason !== undefined) return;
    const folder = mkdtempSync(path.join(tmpdir(), 'camflow-fallback-'));
    const job = await runInGuest({
      command: ['bash', '/camflow/tests/fixtures/guest/fallback.sh'],
      put: [buildWorkload('interrupted', folder)],
      kernel: '6.1',
      bpfLsm: false,
      timeoutMs: 590_000,
    }).finally(() => rmSync(folder, { recursive: true }));
    said = saidBy(job);
  }, 600_000);
  const standIn = /bpf is not among the active security modules: capture works through the functions/;

  run(`capture works through the functions, and record, camflowd and doctor say so${note}`, () => {
    expect(said('record')[0]).toMatch(standIn);
    expect(said('daemon').join('\n')).toMatch(standIn);
    expect(said('doctor').join('\n')).toMatch(
      /the functions that call the hooks are used instead.*camflow-fexit\.bpf\.o/s,
    );
    expect(said('trace').join('\n')).toMatch(/^\/root\/work\/out\n.*tr a b .*cat in .*\/root\/work\/in$/ms);
  });

  run(`what happens while a program is running already on that CPU is told as missing${note}`, () => {
    // The hooks of a security module may run twice at once; these may not, and interrupts let go of credentials too.
    expect(said('missed lost').join()).toMatch(
      /running already on that CPU, [1-9][\d,]* times?, of which [1-9]/,
    );
    expect(Number(said('missed gaps')[0])).toBeGreaterThan(0);
  });

  run(`a kernel in lockdown is left alone${note}`, () => {
    expect(said('lockdown')).toEqual([
      "camflow: The kernel's lockdown is confidentiality. Boot without lockdown=confidentiality: it keeps BPF programs from reading the kernel.",
    ]);
  });
});
