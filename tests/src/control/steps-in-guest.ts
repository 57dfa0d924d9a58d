import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type GuestKernel, runInGuest } from '@camflow/guest';
import type { ControlStep, StepOutcome } from './control-step.ts';

/** What came of steps. */
export interface StepsRun {
  readonly outcomes: ReadonlyMap<ControlStep, StepOutcome>;
  /** Files that were asked for, by their path. */
  readonly files: ReadonlyMap<string, Buffer>;
}

/** Files to bring back from a guest, and files that one before it gave, to be there under the same paths. */
export interface CarriedFiles {
  readonly fetch?: readonly string[];
  readonly given?: ReadonlyMap<string, Buffer>;
}

/** Does steps, one after the other, in a guest of their own. */
export async function runSteps(
  kernel: GuestKernel,
  steps: readonly ControlStep[],
  { fetch = [], given = new Map() }: CarriedFiles = {},
): Promise<StepsRun> {
  const folder = mkdtempSync(path.join(tmpdir(), 'camflow-control-'));
  try {
    const host = path.join(folder, 'steps.json');
    writeFileSync(host, JSON.stringify(steps));
    const put = [...given].map(([guest, bytes], index) => {
      const file = path.join(folder, `given-${index}`);
      writeFileSync(file, bytes);
      return { host: file, guest };
    });
    const found = '/root/outcomes.json';
    const { status, stderr, files } = await runInGuest({
      kernel,
      bpfLsm: true,
      cpus: 2,
      command: ['node', '/camflow/tests/dist/control/run-steps.js', '/root/steps.json', found],
      put: [{ host, guest: '/root/steps.json' }, ...put],
      fetch: [found, ...fetch],
      timeoutMs: 590_000,
    });
    const told = files.get(found);
    if (status !== 0 || told === undefined) throw new Error(`the steps did not run to their end: ${stderr}`);
    const outcomes: readonly StepOutcome[] = JSON.parse(told.toString());
    return { outcomes: new Map(steps.map((step, index) => [step, outcomes[index]!])), files };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
