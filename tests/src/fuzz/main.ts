// pnpm fuzz [--records N] [--files N] [--seed S] [--seconds T]
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import type { FuzzPlan } from './run.ts';
import type { FuzzMessage, FuzzWorkerData } from './worker.ts';

/** A step takes milliseconds; one that takes this long is a hang. */
const hangMs = 60_000;

function readPlan(): FuzzPlan {
  const { values } = parseArgs({
    options: {
      records: { type: 'string', default: '1000000' },
      files: { type: 'string', default: '10000' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      seconds: { type: 'string' },
    },
  });
  const number = (name: keyof typeof values): number => {
    const text = values[name] ?? '';
    if (!/^\d{1,12}$/.test(text)) throw new Error(`--${name} takes a whole number, not ${text}`);
    return Number(text);
  };
  // Records and files get half of the time each.
  const partMs = values.seconds === undefined ? Number.POSITIVE_INFINITY : number('seconds') * 500;
  return { records: number('records'), files: number('files'), seed: number('seed'), partMs };
}

function readPlanOrExplain(): FuzzPlan {
  try {
    return readPlan();
  } catch (error) {
    console.error((error as Error).message);
    process.exit(2);
  }
}

const plan = readPlanOrExplain();
const { seed } = plan;
const steps = new SharedArrayBuffer(8);
const counters = new Int32Array(steps);
const workerData: FuzzWorkerData = { plan, steps };

console.log(`fuzzing with --seed ${seed}`);
const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData });
let failed = false;

function fail(message: string): void {
  failed = true;
  console.error(`FAILED: ${message}\nrun again with --seed ${seed}`);
}

worker.on('message', (message: FuzzMessage) => {
  if ('line' in message) {
    console.log(message.line);
    return;
  }
  fail(message.failure);
  if (message.input !== undefined) {
    const file = `fuzz-failure-${message.seed}.bin`;
    writeFileSync(file, message.input, { mode: 0o600 });
    console.error(`the input at fault, made with seed ${message.seed}, is in ${file}`);
  }
});
worker.on('error', (error) => fail(String(error)));

let before = -1;
const watch = setInterval(() => {
  if (counters[0] === before) {
    fail(`no progress for ${hangMs / 1000} s at step ${counters[1]}, seed ${seed + counters[1]!}`);
    void worker.terminate();
  }
  before = counters[0]!;
}, hangMs);

worker.on('exit', (code) => {
  clearInterval(watch);
  if (code !== 0 && !failed) fail(`the fuzzer ended with ${code}`);
  if (!failed) console.log('nothing found');
  process.exitCode = failed ? 1 : 0;
});
