import { promisify } from 'node:util';
import { deflate } from 'node:zlib';
import type { PayloadForm } from './options.ts';

const compress = promisify(deflate);

/**
 * Makes the payload of a message from whole units. Never a view of `bytes`: the client may hold a payload
 * longer than the units live.
 *
 * @param form - `camflow`: base64 of a zlib stream, compressed off the main thread; `json`: a copy
 */
export async function encodePayload(bytes: Uint8Array, form: PayloadForm): Promise<string | Buffer> {
  return form === 'json' ? Buffer.from(bytes) : (await compress(bytes)).toString('base64');
}
