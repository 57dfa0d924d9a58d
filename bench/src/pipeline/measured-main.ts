// One measured run in its own process: prints a ProcessMeasurement.
import { runBaseline } from './baseline-run.ts';
import type { MeasuredTask, ProcessMeasurement } from './measured-process.ts';
import { runRecorder } from './recorder-run.ts';

const samplePeriodMs = 100;

const task: MeasuredTask = JSON.parse(process.argv[2]!);
const samples: number[] = [];
const sampler = setInterval(() => samples.push(process.memoryUsage.rss()), samplePeriodMs);
const cpuBefore = process.cpuUsage();
const wallBefore = performance.now();
const taken =
  task.mode === 'baseline'
    ? { records: await runBaseline(task), unitBytes: 0, spooledBytes: 0 }
    : await runRecorder(task);
const wallSeconds = (performance.now() - wallBefore) / 1000;
const { user, system } = process.cpuUsage(cpuBefore);
clearInterval(sampler);

const measurement: ProcessMeasurement = {
  ...taken,
  cpuSeconds: (user + system) / 1e6,
  systemSeconds: system / 1e6,
  wallSeconds,
  peakBytes: process.resourceUsage().maxRSS * 1024,
  growth: mean(quarter(samples, 3)) / mean(quarter(samples, 1)),
};
process.stdout.write(JSON.stringify(measurement));

function quarter(values: readonly number[], index: number): readonly number[] {
  const size = values.length / 4;
  return values.slice(Math.floor(index * size), Math.ceil((index + 1) * size));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
