import { apiVersion, definePlugin, type FormatDefinition } from '@camflow/api';
import { createRawFormatter } from './raw-formatter.ts';

const formatRaw: FormatDefinition = definePlugin({
  kind: 'format',
  name: 'raw',
  summary: 'Raw records, unchanged, as frames of a capture file: see docs/segment-format.md.',
  apiVersion,
  mediaType: 'application/vnd.camflow.segment',
  framing: 'frames',
  malformed: 'keep',
  create: createRawFormatter,
});

export default formatRaw;
