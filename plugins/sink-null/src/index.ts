import { apiVersion, definePlugin, type SinkDefinition, sinkStopped } from '@camflow/api';

/** `output=null`: takes every unit and forgets it. Shows the cost of everything before an output. */
const sinkNull: SinkDefinition<unknown> = definePlugin({
  kind: 'sink',
  name: 'null',
  summary: 'Takes every unit and forgets it.',
  apiVersion,
  create: () => ({
    open: async () => {},
    write: async (_units, signal) => {
      if (signal.aborted) throw sinkStopped('null');
      return undefined;
    },
    close: async () => {},
  }),
});

export default sinkNull;
