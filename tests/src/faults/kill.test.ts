import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startProgram } from '../system/programs.ts';
import { account, createWorkload, linesOf, type Workload } from './accounting.ts';
import { scaled, until } from './scale.ts';

let root: string;
let workload: Workload;
beforeAll(async () => {
  root = mkdtempSync(path.join(tmpdir(), 'camflow-kill-'));
  workload = await createWorkload(root, scaled(200_000, 60_000));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const kills = scaled(50, 8);

test.each([
  ['overflow', 100],
  ['always', 100],
  ['always', 0],
])(
  `killed ${kills} times while it replays (spool=%s, spool_delay_ms=%i), the recorder delivers every record, in order`,
  { timeout: 600_000 },
  async (mode, delayMs) => {
    const log = path.join(root, `${mode}-${delayMs}.log`);
    const settings = [
      `general.spool_dir=${path.join(root, `spool-${mode}-${delayMs}`)}`,
      'general.source=replay',
      `replay.path=${workload.folder}`,
      'general.format=spade_json',
      'general.output=log',
      'general.slab_bytes=65536',
      `log.path=${log}`,
      `log.spool=${mode}`,
      `log.spool_delay_ms=${delayMs}`,
    ].flatMap((setting) => ['--set', setting]);
    let cuts = 0;
    for (let kill = 0; kill < kills; kill++) {
      const before = existsSync(log) ? readFileSync(log).length : 0;
      const daemon = startProgram('camflowd', settings);
      // Some die while they start or recover, most while they deliver.
      if (kill % 5 === 4) await sleep(Math.random() * 400);
      else {
        await until(
          () => (existsSync(log) && readFileSync(log).length > before) || /has ended/.test(daemon.stderr()),
        );
        await sleep(Math.random() * 60);
      }
      if (!/has ended/.test(daemon.stderr())) cuts++;
      daemon.process.kill('SIGKILL');
      await daemon.ended;
    }
    const last = await startProgram('camflowd', ['--once', ...settings]).ended;
    expect(last.stderr).toMatch(/balance: .* produced = .* delivered \+ 0 filtered \+ 0 dropped/);
    expect(last.status).toBe(0);
    const { missing, repeats } = account(linesOf(log), workload);
    console.log(`spool=${mode}: ${cuts} of ${kills} kills in mid-run, ${repeats} repeats`);
    expect(missing).toBe(0);
    expect(cuts).toBeGreaterThanOrEqual(kills / 3);
  },
);
