/**
 * For authors of plugins: records to try a plugin with, fakes of what surrounds it, and the rules that it must
 * keep. Independent of the test runner.
 *
 * @packageDocumentation
 */
export * from './records/field-value.ts';
export * from './records/identifier.ts';
export * from './records/random.ts';
export * from './records/random-records.ts';
export * from './records/record-writer.ts';
export * from './story/relay-directory.ts';
export * from './story/story.ts';
export type { StoryChunk } from './story/streams.ts';
