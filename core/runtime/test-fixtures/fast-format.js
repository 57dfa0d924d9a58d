import { apiVersion, definePlugin } from '@camflow/api';

/** The first 32 bytes of each record, written as a fast formatter writes: into its own memory, handed over at once. */
export default definePlugin({
  kind: 'format',
  name: 'fast',
  summary: 'Writes identifiers',
  apiVersion,
  mediaType: 'application/octet-stream',
  framing: 'frames',
  create: (_options, { memory }) => {
    const input = new Int32Array(memory.buffer);
    let output = new Int32Array(0);
    let ends = new Uint32Array(0);
    return {
      format({ count, offsets }, out) {
        if (ends.length < count) {
          output = new Int32Array(count * 8);
          ends = Uint32Array.from({ length: count }, (_, i) => (i + 1) * 32);
        }
        for (let i = 0; i < count; i++) {
          const from = offsets[i] >>> 2;
          for (let word = 0; word < 8; word++) output[i * 8 + word] = input[from + word];
        }
        out.writeUnits(new Uint8Array(output.buffer, 0, count * 32), ends, count);
      },
    };
  },
});
