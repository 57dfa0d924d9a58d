import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { StreamId } from '@camflow/api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Output } from '../delivery/output.ts';
import { OutputBalanceSheet } from '../delivery/output-balance.ts';
import { MemoryStore } from '../delivery/output-store.ts';
import { spoolPlan } from '../spool/spool-plan.test.support.ts';
import type { SpoolPlan } from '../spool/spool-plan.ts';
import { loadSpoolState, SpoolStateFile } from '../spool/spool-state.ts';
import { KeepingSink, KeptLog, makeRun, RoundsSource } from './harness.test.support.ts';
import { fileRecord } from './records.test.support.ts';

const short: StreamId = { cpu: 0, kind: 'short' };
const records = Buffer.concat(Array.from({ length: 100 }, (_, i) => fileRecord({ id: i + 1 })));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'imbalance-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const plan = (mode: SpoolPlan['mode']): SpoolPlan => spoolPlan(folder, { mode });

function runOver(mode: SpoolPlan['mode'], log: KeptLog) {
  const source = new RoundsSource([[{ stream: short, records }]]);
  return makeRun({ source, outputs: [['line-format', new KeepingSink()]], spools: [plan(mode)], log });
}

describe.each(['overflow', 'off'] as const)('accounts that do not close (spool=%s)', (mode) => {
  /** Leaves accounts by which the output got five records less than it did. */
  async function leaveOpenAccounts(clean: boolean): Promise<void> {
    const run = runOver(mode, new KeptLog());
    await run.start();
    await run.ended;
    const state = (await loadSpoolState(plan(mode).folder))!;
    const ledger = { ...state.ledger, delivered: Number(state.ledger['delivered']) - 5 };
    await (await SpoolStateFile.create(plan(mode).folder, { ...state, clean, ledger })).close();
  }

  test('fail the run that finds them, after it has delivered, and the next one has them in order', async () => {
    await leaveOpenAccounts(true);
    const log = new KeptLog();
    const run = runOver(mode, log);
    await run.start();
    await expect(run.ended).rejects.toMatchObject({
      code: 'INTERNAL',
      message: expect.stringMatching(/output0/),
    });
    expect(log.matching('error the accounts that an earlier run left do not close')[0]).toContain(
      '"missing":5',
    );
    expect(run.report().outputs[0]).toMatchObject({ delivered: 100, pending: 0 });
    const next = runOver(mode, new KeptLog());
    await next.start();
    await next.ended;
  });

  test('are put in order with a warning where the run before was killed', async () => {
    await leaveOpenAccounts(false);
    const log = new KeptLog();
    const run = runOver(mode, log);
    await run.start();
    await run.ended;
    expect(log.matching('warn the accounts begin with what is in the spool')).toHaveLength(1);
  });
});

describe('the balance of an output', () => {
  function output(log: KeptLog): Output {
    const store = new MemoryStore(1000);
    const balance = new OutputBalanceSheet('out');
    return new Output('out', { sink: new KeepingSink(), balance, store, numbering: 'n', log });
  }

  test.each([
    ['nothing became of some records', 10, 7, true, false],
    ['more became of them than there were', 10, 12, true, false],
    ['that is so although the run was given up', 10, 12, false, false],
    ['the run was given up before all were delivered', 10, 7, false, true],
    ['all were delivered', 10, 10, true, true],
  ] as const)('%s', (_, produced, delivered, orderly, closes) => {
    const log = new KeptLog();
    const out = output(log);
    out.balance.produce(produced, {});
    out.balance.deliver(delivered, 1, 1);
    expect(out.finish(orderly)).toBe(closes);
    expect(log.matching('error the balance of an output does not close')).toHaveLength(closes ? 0 : 1);
  });
});
