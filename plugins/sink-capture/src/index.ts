import { apiVersion, definePlugin, type SinkContext, type SinkDefinition } from '@camflow/api';
import { type CaptureOptions, captureOptions } from './capture-options.ts';
import { CaptureSink } from './capture-sink.ts';

const sinkCapture: SinkDefinition<CaptureOptions> = definePlugin({
  kind: 'sink',
  name: 'capture',
  summary: 'A capture file: the raw records, to be replayed through any format later.',
  apiVersion,
  defaultFormat: 'raw',
  options: captureOptions,
  create: (options: CaptureOptions, context: SinkContext) => new CaptureSink(options, context),
});

export default sinkCapture;
