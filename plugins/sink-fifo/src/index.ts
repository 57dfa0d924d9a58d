import { apiVersion, definePlugin, type SinkDefinition } from '@camflow/api';
import { FifoSink } from './fifo-sink.ts';
import { type FifoOptions, fifoOptions } from './options.ts';

export type { FifoOptions } from './options.ts';

/** `output=fifo`: writes units to a named pipe. */
const sinkFifo: SinkDefinition<FifoOptions> = definePlugin({
  kind: 'sink',
  name: 'fifo',
  summary: 'Writes every unit to a named pipe, whose reader may come and go.',
  apiVersion,
  options: fifoOptions,
  create: (options, context) => new FifoSink(options, context),
});

export default sinkFifo;
