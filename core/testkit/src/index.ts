/**
 * For authors of plugins: records to try a plugin with, fakes of what surrounds it, and the rules that it must
 * keep. Independent of the test runner.
 *
 * @packageDocumentation
 */

export * from './camflow-kernel/camflow-kernel.ts';
export * from './fakes/accepted-options.ts';
export * from './fakes/collecting-sink.ts';
export * from './fakes/context-table.ts';
export * from './fakes/format-records.ts';
export * from './fakes/memory-source.ts';
export * from './fakes/name-table.ts';
export * from './fakes/record-batch.ts';
export * from './fakes/test-logger.ts';
export * from './fakes/unit-collector.ts';
export * from './json/strict-json.ts';
export * from './records/field-value.ts';
export * from './records/identifier.ts';
export * from './records/random.ts';
export * from './records/random-records.ts';
export * from './records/record-writer.ts';
export * from './story/relay-directory.ts';
export * from './story/story.ts';
export type { StoryChunk } from './story/streams.ts';
export { keeps } from './suites/evaluate-filter.ts';
export * from './suites/format-suite.ts';
export {
  type FormatSuiteOptions,
  FormatTrial,
  type Outcome,
  type TrialRecords,
} from './suites/format-trial.ts';
export * from './suites/policy-suite.ts';
export { type PolicySuiteOptions, PolicyTrial } from './suites/policy-trial.ts';
export * from './suites/sink-suite.ts';
export { type SinkAbility, type SinkSubject, type SinkSuiteOptions, SinkTrial } from './suites/sink-trial.ts';
export * from './suites/source-suite.ts';
export {
  type SourceAbility,
  type SourceSubject,
  type SourceSuiteOptions,
  SourceTrial,
} from './suites/source-trial.ts';
export type { Rule, TestFunction } from './suites/suite.ts';
