import { apiVersion, definePlugin, type FormatDefinition } from '@camflow/api';
import { type W3cOptions, w3cOptions } from './options.ts';
import { createW3cFormatter } from './w3c-formatter.ts';

export type { W3cOptions } from './options.ts';
export { w3cTable } from './w3c-table.ts';

const definition: FormatDefinition<W3cOptions> = definePlugin({
  kind: 'format',
  name: 'w3c',
  summary: 'W3C PROV-JSON: documents of up to 64 KiB.',
  apiVersion,
  mediaType: 'application/provenance+json',
  framing: 'documents',
  options: w3cOptions,
  create: createW3cFormatter,
});

export default definition;
