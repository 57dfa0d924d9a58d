import { decodeText } from '@camflow/api';

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

/** An IPv6 address as glibc's `inet_ntop` prints it: the longest run of two or more zero groups becomes `::`. */
export function ipv6Text(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => (bytes[2 * i]! << 8) | bytes[2 * i + 1]!);
  let start = -1;
  let length = 1;
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && groups[end] === 0) end++;
    if (end - i > length) {
      start = i;
      length = end - i;
    }
    if (end > i) i = end - 1;
  }
  const dotted = start === 0 && (length === 6 || (length === 5 && groups[5] === 0xffff));
  const tail = dotted ? [bytes.subarray(12, 16).join('.')] : [];
  const texts = groups.slice(0, dotted ? 6 : 8).map((group) => group.toString(16));
  if (start < 0) return texts.join(':');
  const before = texts.slice(0, start).join(':');
  const after = [...texts.slice(start + length), ...tail].join(':');
  return `${before}::${after}`;
}
