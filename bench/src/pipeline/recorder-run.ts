import { createRun } from '@camflow/runtime';
import { builtinPlugins, planRun } from 'camflow';
import type { MeasuredTask } from './measured-process.ts';

const silent = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * Runs the recorder over the input, as `camflowd --once` would.
 * @returns records delivered
 */
export async function runRecorder(task: MeasuredTask): Promise<number> {
  const overrides = [
    'general.source=replay',
    `replay.path=${task.folder}`,
    `replay.loop=${task.loop}`,
    `general.format=${task.format}`,
    `general.output=${task.mode}`,
    `general.workers=${task.workers}`,
    ...(task.mode === 'log' ? [`log.path=${task.output}`, `log.sync=${task.sync ?? 'batch'}`] : []),
    ...(task.spool ? [`general.spool_dir=${task.output}.spool`, `${task.mode}.spool=${task.spool}`] : []),
    ...(task.spoolDelayMs === undefined ? [] : [`${task.mode}.spool_delay_ms=${task.spoolDelayMs}`]),
  ];
  const { plan } = await planRun({ overrides, environment: {} }, builtinPlugins());
  const run = createRun(plan, { log: silent });
  await run.start();
  const report = await run.ended;
  return report.outputs[0]!.delivered;
}
