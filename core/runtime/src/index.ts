/** @packageDocumentation The pipeline: slabs, workers, plugin loading, delivery. */
export * from './run/run.ts';
export * from './run/run-plan.ts';
export * from './run/run-report.ts';
