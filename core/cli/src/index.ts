/** @packageDocumentation The programs of CamFlow, as functions: for those who embed them. */

export { builtinPlugins } from './composition/builtin-plugins.ts';
export { type PlannedRun, planRun } from './composition/plan-run.ts';
export { type Metric, metrics, type Sample } from './metrics/metrics-table.ts';
export { runCamflow } from './programs/camflow-program.ts';
export { runCamflowd } from './programs/camflowd-program.ts';
