import { apiVersion, definePlugin, type PluginContext, type SourceDefinition } from '@camflow/api';
import { type ReplayOptions, replayOptions } from './replay-options.ts';
import { ReplaySource } from './replay-source.ts';

const sourceReplay: SourceDefinition<ReplayOptions> = definePlugin({
  kind: 'source',
  name: 'replay',
  summary: 'A folder of raw relay files, or a capture file.',
  apiVersion,
  options: replayOptions,
  create: (options: ReplayOptions, context: PluginContext) => new ReplaySource(options, context),
});

export default sourceReplay;
