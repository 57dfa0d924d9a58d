/** @packageDocumentation Configuration files of CamFlow: ini through cosmiconfig, never executed. */
export * from './check-configuration.ts';
export * from './choose-plugin.ts';
export * from './configuration.ts';
export * from './control-sections.ts';
export * from './control-settings.ts';
export * from './detect-program.ts';
export * from './environment.ts';
export * from './load-recorder-configuration.ts';
export type { MetricsAddress } from './metrics-address.ts';
export * from './problem.ts';
export * from './read-configuration.ts';
export * from './recorder-options.ts';
export * from './render-ini.ts';
export * from './section-description.ts';
export * from './spool-options.ts';
