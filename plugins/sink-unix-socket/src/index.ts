import { apiVersion, definePlugin, type SinkDefinition } from '@camflow/api';
import { AcknowledgedSink } from './acknowledged-sink.ts';
import { DatagramSink } from './datagram-sink.ts';
import { type UnixSocketOptions, unixSocketOptions } from './options.ts';
import { StreamSink } from './stream-sink.ts';

export type { UnixSocketOptions } from './options.ts';

/** `output=unix_socket`: sends units to the UNIX socket of a reader. */
const sinkUnixSocket: SinkDefinition<UnixSocketOptions> = definePlugin({
  kind: 'sink',
  name: 'unix_socket',
  summary: 'Sends every unit to the UNIX socket of a reader, which may come and go.',
  apiVersion,
  options: unixSocketOptions,
  create: (options, context) => {
    if (options.type === 'dgram') return new DatagramSink(options, context);
    return options.ack ? new AcknowledgedSink(options, context) : new StreamSink(options, context);
  },
});

export default sinkUnixSocket;
