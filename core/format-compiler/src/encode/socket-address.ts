import { decodeText, ipv6Text } from '@camflow/api';

/** A socket address as the kernel was given it, read without any lookup. */
export type SocketAddress =
  | { readonly family: 'AF_INET' | 'AF_INET6'; readonly host: string; readonly service: string }
  /** `path` is empty for unnamed sockets; `abstract` is the name without its leading NUL, else undefined. */
  | { readonly family: 'AF_UNIX'; readonly path: string; readonly abstract: string | undefined }
  /** A family that has no printed form, or an address shorter than its family needs. `bytes` follow the family. */
  | { readonly family: 'other'; readonly number: number; readonly name: string; readonly bytes: Uint8Array };

const familyNames: ReadonlyMap<number, string> = new Map([
  [1, 'AF_UNIX'],
  [2, 'AF_INET'],
  [10, 'AF_INET6'],
]);

/**
 * Reads a `sockaddr_storage`.
 * @param storage - the whole array of the record
 * @param length - the length that the record states; not trusted
 * @param decode - how bytes become text
 */
export function readSocketAddress(
  storage: Uint8Array,
  length: bigint,
  decode: (bytes: Uint8Array) => string = decodeText,
): SocketAddress {
  const view = new DataView(storage.buffer, storage.byteOffset, storage.byteLength);
  const number = view.getUint16(0, true);
  const size = length > BigInt(storage.length) ? storage.length : Number(length);
  if (number === 2 && size >= 16) {
    return {
      family: 'AF_INET',
      host: storage.subarray(4, 8).join('.'),
      service: String(view.getUint16(2)),
    };
  }
  if (number === 10 && size >= 28) {
    const scope = view.getUint32(24, true);
    const host = ipv6Text(storage.subarray(8, 24)) + (scope === 0 ? '' : `%${scope}`);
    return { family: 'AF_INET6', host, service: String(view.getUint16(2)) };
  }
  if (number === 1) {
    if (size > 3 && storage[2] === 0) {
      return { family: 'AF_UNIX', path: '', abstract: decode(storage.subarray(3, size)) };
    }
    // The length is not asked here: CamFlow does not, and the kernel zeroes what follows the path.
    const end = storage.indexOf(0, 2);
    return {
      family: 'AF_UNIX',
      path: decode(storage.subarray(2, end < 0 ? storage.length : end)),
      abstract: undefined,
    };
  }
  return {
    family: 'other',
    number,
    name: familyNames.get(number) ?? String(number),
    bytes: storage.slice(2, Math.max(2, size)),
  };
}
