import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What one measured process did, in a process of its own so that nothing else counts. */
export interface ProcessMeasurement {
  /** Records that every output has taken. */
  readonly records: number;
  /** Bytes of the units that the first output has taken. */
  readonly unitBytes: number;
  /** Most bytes that were in spools at a time, of all outputs. */
  readonly spooledBytes: number;
  /** CPU time of all threads, in seconds. */
  readonly cpuSeconds: number;
  /** That of it which the kernel took. */
  readonly systemSeconds: number;
  readonly wallSeconds: number;
  /** Most memory that was resident, in bytes. */
  readonly peakBytes: number;
  /** Resident memory in the last quarter of the run over that in the second: 1 is flat. */
  readonly growth: number;
}

/** What to measure. */
export interface MeasuredTask {
  readonly folder: string;
  readonly loop: number;
  readonly format: 'spade_json' | 'w3c';
  /** `baseline` makes an object per record and calls `JSON.stringify`. */
  readonly mode: 'baseline' | 'recorder';
  /** Options of the recorder beside its input and its format, as for `--set`; of no meaning to the baseline. */
  readonly settings: readonly string[];
}

const main = fileURLToPath(new URL('./measured-main.js', import.meta.url));

/** Runs a task in its own process and waits for it. */
export function measureProcess(task: MeasuredTask): ProcessMeasurement {
  const printed = execFileSync(process.execPath, [main, JSON.stringify(task)], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  return JSON.parse(printed);
}
