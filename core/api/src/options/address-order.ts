import { type AddressRange, networkOf } from './address-range.ts';

/** Addresses and a port, of whichever family: IPv4 counts as the part of IPv6 that it is mapped to. */
export type AddressPlace = Pick<AddressRange, 'address' | 'prefix' | 'port'>;

/** What stands before the four bytes of an IPv4 address where it is written as one of IPv6. */
export const ipv4MappedPrefix: readonly number[] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff];
const mappedBits = 8 * ipv4MappedPrefix.length;

/**
 * Tells which of two ranges comes first, where the first that matches holds: the one with the longer prefix, then the
 * one with a port, then that with the lower address and port. Equal, with 0, only for equal ranges.
 */
export function compareAddressRanges(one: AddressPlace, other: AddressPlace): number {
  const [a, b] = [mapped(one), mapped(other)];
  return (
    b.prefix - a.prefix ||
    Number(a.port === 0) - Number(b.port === 0) ||
    Buffer.compare(networkOf(a), networkOf(b)) ||
    a.port - b.port
  );
}

/** Whether there is an address with a port that both ranges match. */
export function addressRangesOverlap(one: AddressPlace, other: AddressPlace): boolean {
  const [a, b] = [mapped(one), mapped(other)];
  const prefix = Math.min(a.prefix, b.prefix);
  const isSameNetwork = Buffer.compare(networkOf({ ...a, prefix }), networkOf({ ...b, prefix })) === 0;
  return isSameNetwork && (a.port === b.port || a.port === 0 || b.port === 0);
}

function mapped({ address, prefix, port }: AddressPlace): AddressRange {
  return address.length === 4
    ? {
        family: 6,
        address: Uint8Array.from([...ipv4MappedPrefix, ...address]),
        prefix: prefix + mappedBits,
        port,
      }
    : { family: 6, address, prefix, port };
}
