import { apiVersion, definePlugin } from '@camflow/api';

/** The records as they are, malformed ones too, in units of `records` each; as a raw format does. */
export default definePlugin({
  kind: 'format',
  name: 'frame',
  summary: 'Writes records as they are',
  apiVersion,
  mediaType: 'application/octet-stream',
  framing: 'frames',
  malformed: 'keep',
  create: () => ({
    format(batch, out) {
      for (let i = 0; i < batch.count; i++) {
        out.write(batch.bytes, batch.offsets[i], batch.offsets[i] + batch.sizes[i]);
      }
      if (batch.count > 0) out.endUnit(batch.count);
    },
  }),
});
