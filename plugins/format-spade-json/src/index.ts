import { apiVersion, definePlugin, type FormatDefinition } from '@camflow/api';
import { type SpadeOptions, spadeOptions } from './options.ts';
import { createSpadeFormatter } from './spade-formatter.ts';

export type { SpadeOptions } from './options.ts';
export { spadeTable } from './spade-table.ts';

const definition: FormatDefinition<SpadeOptions> = definePlugin({
  kind: 'format',
  name: 'spade_json',
  summary: 'SPADE JSON: one object per line.',
  apiVersion,
  mediaType: 'application/x-ndjson',
  framing: 'lines',
  options: spadeOptions,
  create: createSpadeFormatter,
});

export default definition;
