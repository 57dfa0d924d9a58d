/** @packageDocumentation The pipeline: slabs, workers, plugin loading, delivery. */
export * from './plugins/list-plugins.ts';
export * from './plugins/load-plugin.ts';
export * from './plugins/plugin-places.ts';
export * from './run/create-run.ts';
export type { ReloadReport } from './run/parts-exchange.ts';
export * from './run/run.ts';
export * from './run/run-figures.ts';
export * from './run/run-limits.ts';
export * from './run/run-plan.ts';
export * from './run/run-report.ts';
export * from './spool/inspect-spool.ts';
export * from './spool/spool-plan.ts';
export { CompiledFilter } from './worker/record-filter.ts';
