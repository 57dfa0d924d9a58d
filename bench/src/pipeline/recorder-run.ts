import { createRun } from '@camflow/runtime';
import { builtinPlugins, planRun } from 'camflow';
import type { MeasuredTask, ProcessMeasurement } from './measured-process.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };
const samplePeriodMs = 100;

/** Runs the recorder over the input, as `camflowd --once` would. */
export async function runRecorder(
  task: MeasuredTask,
): Promise<Pick<ProcessMeasurement, 'records' | 'unitBytes' | 'spooledBytes'>> {
  const overrides = [
    'general.source=replay',
    `replay.path=${task.folder}`,
    `replay.loop=${task.loop}`,
    `general.format=${task.format}`,
    ...task.settings,
  ];
  const { plan } = await planRun({ overrides, environment: {} }, builtinPlugins());
  const run = createRun(plan, { log: silent });
  let spooledBytes = 0;
  const sampler = setInterval(() => {
    const sizes = run.figures().outputs.map(({ spool }) => spool?.sizeBytes ?? 0);
    spooledBytes = Math.max(
      spooledBytes,
      sizes.reduce((sum, size) => sum + size, 0),
    );
  }, samplePeriodMs);
  try {
    await run.start();
    const { outputs } = await run.ended;
    const records = Math.min(...outputs.map(({ delivered }) => delivered));
    return { records, unitBytes: outputs[0]!.bytes, spooledBytes };
  } finally {
    clearInterval(sampler);
  }
}
