import { apiVersion, definePlugin, type SinkDefinition } from '@camflow/api';
import { LogSink } from './log-sink.ts';
import { type LogOptions, logOptions } from './options.ts';

export type { CheckedFile } from './check-file.ts';
export type { LogOptions, SyncRule } from './options.ts';
export { type VerifiedLogs, verifyLogs } from './verify-chain.ts';

/** `output=log`: appends units to a file. */
const sinkLog: SinkDefinition<LogOptions> = definePlugin({
  kind: 'sink',
  name: 'log',
  summary: 'Appends every unit to a file, which may be rotated.',
  apiVersion,
  options: logOptions,
  create: (options, context) => new LogSink(options, context),
});

export default sinkLog;
