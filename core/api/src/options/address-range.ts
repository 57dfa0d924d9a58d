import { isIPv4, isIPv6 } from 'node:net';
import { CamflowError } from '../errors/camflow-error.ts';

/** Addresses of one family, and one port or all. */
export interface AddressRange {
  readonly family: 4 | 6;
  /** As it was given, 4 or 16 bytes in network order; bits behind the prefix do not matter. */
  readonly address: Uint8Array;
  /** Leading bits that count: up to 32, or 128. */
  readonly prefix: number;
  /** 0 stands for every port. */
  readonly port: number;
}

/**
 * Reads `a.b.c.d/bits:port`, `x:y::z/bits:port` or `[x:y::z]/bits:port`.
 * @throws CamflowError `CONFIG_BAD_VALUE`: what is wrong
 */
export function parseAddressRange(family: 4 | 6, text: string): AddressRange {
  const example = family === 4 ? '10.0.0.0/8:443' : '2001:db8::/32:443';
  const fail = (why: string): never => {
    throw new CamflowError('CONFIG_BAD_VALUE', `"${text}" is not an IPv${family} address range: ${why}`, {
      hint: `Write ADDRESS/BITS:PORT, for example ${example}; port 0 stands for every port.`,
    });
  };
  const [, bracketed, plain, bits, portText] =
    /^(?:\[([^\]]*)\]|([^/]*))\/(\d{1,3}):(\d{1,5})$/.exec(text) ?? [];
  const host = family === 6 ? (bracketed ?? plain) : plain;
  if (host === undefined || bits === undefined || portText === undefined) {
    return fail('it has not the form ADDRESS/BITS:PORT');
  }
  // A zone says which link an address is on, and belongs to no other machine.
  if (family === 4 ? !isIPv4(host) : !isIPv6(host) || host.includes('%')) {
    return fail(`"${host}" is not an IPv${family} address`);
  }
  const [prefix, port, most] = [Number(bits), Number(portText), family === 4 ? 32 : 128];
  if (prefix > most) return fail(`${bits} bits are more than the ${most} of an address`);
  if (port > 65_535) return fail(`${portText} is not a port from 0 to 65535`);
  return { family, address: family === 4 ? bytesOfIpv4(host) : bytesOfIpv6(host), prefix, port };
}

/** The range in the form that {@link parseAddressRange} reads, bits behind the prefix cleared. */
export function formatAddressRange(range: AddressRange): string {
  const network = networkOf(range);
  const host = range.family === 4 ? network.join('.') : textOfIpv6(network);
  return `${host}/${range.prefix}:${range.port}`;
}

/** The address with the bits behind the prefix cleared. */
export function networkOf({ address, prefix }: AddressRange): Uint8Array {
  const mask = maskOf(prefix, address.length);
  return address.map((byte, index) => byte & mask[index]!);
}

/** As many set bits as the prefix has, then clear ones. */
export function maskOf(prefix: number, bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, (_, index) => {
    const bits = Math.min(8, Math.max(0, prefix - 8 * index));
    return (0xff00 >> bits) & 0xff;
  });
}

function bytesOfIpv4(text: string): Uint8Array {
  return Uint8Array.from(text.split('.'), Number);
}

function bytesOfIpv6(text: string): Uint8Array {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  let plain = text;
  if (dotted !== null) {
    const [a, b, c, d] = bytesOfIpv4(dotted[2]!);
    plain = `${dotted[1]}${((a! << 8) | b!).toString(16)}:${((c! << 8) | d!).toString(16)}`;
  }
  const [head = '', tail] = plain.split('::');
  const groups = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const [first, last] = [groups(head), groups(tail ?? '')];
  const middle = new Array<number>(8 - first.length - last.length).fill(0);
  return Uint8Array.from([...first, ...middle, ...last].flatMap((group) => [group >> 8, group & 0xff]));
}

function textOfIpv6(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i]! << 8) | bytes[2 * i + 1]!).toString(16));
  // URLs have a canonical form of addresses, and Node knows it.
  return new URL(`http://[${groups.join(':')}]/`).hostname.slice(1, -1);
}
