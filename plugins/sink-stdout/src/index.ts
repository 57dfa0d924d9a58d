import { apiVersion, definePlugin, type SinkDefinition } from '@camflow/api';
import { createStdoutSink } from './stdout-sink.ts';

/** `output=stdout`: writes units to standard output. */
const sinkStdout: SinkDefinition<unknown> = definePlugin({
  kind: 'sink',
  name: 'stdout',
  summary: 'Writes every unit to standard output.',
  apiVersion,
  create: () => createStdoutSink(process.stdout),
});

export default sinkStdout;
