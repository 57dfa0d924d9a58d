// Runs in the guest: does the steps of a file, one after the other, and writes what became of them as JSON to another.
import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { CaptureSettings, Channel } from '@camflow/kernel';
import { runCamflow } from 'camflow';
import type { ControlStep, StepOutcome } from './control-step.ts';

const [stepsFile = '', outcomesFile = ''] = process.argv.slice(2);
const steps: readonly ControlStep[] = JSON.parse(readFileSync(stepsFile, 'utf8'));
const sleepers = ['@A', '@B', '@C'].map(
  (name) => [name, spawn('sleep', ['10000'], { stdio: 'ignore' })] as const,
);

function fill(text: string): string {
  return sleepers.reduce((filled, [name, { pid }]) => filled.replaceAll(name, String(pid)), text);
}

/** Runs the program in this process, with what it writes caught. */
async function camflow(argv: readonly string[]): Promise<StepOutcome> {
  const written = { out: '', err: '' };
  const streams = { out: process.stdout, err: process.stderr } as const;
  const own = { out: streams.out.write, err: streams.err.write };
  for (const name of ['out', 'err'] as const) {
    streams[name].write = ((text: string | Uint8Array) => {
      written[name] += typeof text === 'string' ? text : Buffer.from(text).toString();
      return true;
    }) as typeof process.stdout.write;
  }
  try {
    return { status: await runCamflow(argv), ...written };
  } finally {
    for (const name of ['out', 'err'] as const) streams[name].write = own[name];
  }
}

/** For what hangs only: to load the programs takes two minutes in an emulated machine on a busy host. */
const mostMs = 300_000;

function shell(script: string, uid: number | undefined): StepOutcome {
  const { status, stdout, stderr, signal } = spawnSync('bash', ['-c', script], {
    encoding: 'utf8',
    cwd: '/',
    timeout: mostMs,
    ...(uid === undefined ? {} : { uid, gid: uid }),
  });
  return { status: status ?? -1, out: stdout, err: signal === null ? stderr : `${stderr}${signal}` };
}

function epoch(): StepOutcome {
  const settings = new CaptureSettings(Channel.main);
  try {
    return { status: 0, out: `${settings.read().epoch}`, err: '' };
  } finally {
    settings.close();
  }
}

const outcomes: StepOutcome[] = [];
for (const [index, step] of steps.entries()) {
  process.stderr.write(`${new Date().toISOString()} ${index} ${JSON.stringify(step).slice(0, 100)}\n`);
  if ('camflow' in step) outcomes.push(await camflow(step.camflow.map(fill)));
  else if ('shell' in step) outcomes.push(shell(fill(step.shell), step.uid));
  else outcomes.push(epoch());
}
for (const [, child] of sleepers) child.kill();
writeFileSync(outcomesFile, JSON.stringify(outcomes));
