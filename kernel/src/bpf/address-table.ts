import { CamflowError, compareAddressRanges, ipv4MappedPrefix } from '@camflow/api';
import { addressRules } from './layout.ts';

/** Which end of a connection a rule is about: the local one, or the remote one. */
export type AddressDirection = 'ingress' | 'egress';

/** Numbers of the directions: the keys of the map of tables. */
export const directions: Readonly<Record<AddressDirection, number>> = { ingress: 0, egress: 1 };

/** What becomes of sockets, and of the processes that bind or connect them. */
export interface AddressRule {
  /** 4 or 16 bytes. */
  readonly address: Uint8Array;
  /** Leading bits that count: up to 32, or 128. */
  readonly prefix: number;
  /** 0 stands for every port. */
  readonly port: number;
  /** Bits of `nodeFlags`. */
  readonly flags: number;
}

const mappedBits = 8 * ipv4MappedPrefix.length;

/** The rules in a `struct cf_address_rules`, in their order. */
export function readAddressTable(bytes: Uint8Array): AddressRule[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const { rulesOffset, ruleBytes, offsets, most } = addressRules;
  return Array.from({ length: Math.min(view.getUint32(0, true), most) }, (_, index) => {
    const at = rulesOffset + index * ruleBytes;
    const whole = bytes.slice(at, at + 16);
    const prefix = view.getUint32(at + offsets.prefix, true);
    const isMapped = prefix >= mappedBits && ipv4MappedPrefix.every((byte, place) => whole[place] === byte);
    return {
      address: isMapped ? whole.slice(ipv4MappedPrefix.length) : whole,
      prefix: isMapped ? prefix - mappedBits : prefix,
      port: view.getUint16(at + offsets.port, true),
      flags: view.getUint32(at + offsets.flags, true),
    };
  });
}

/** @throws CamflowError `CONFIG_BAD_VALUE` where so many rules have no room in a `struct cf_address_rules` */
export function checkRoom(direction: AddressDirection, count: number): void {
  const { most } = addressRules;
  if (count <= most) return;
  throw new CamflowError('CONFIG_BAD_VALUE', `${count} ${direction} rules are more than ${most}`, {
    hint: 'Join neighbouring address ranges.',
  });
}

/**
 * A `struct cf_address_rules` with these rules, the most specific first: the programs go by the first that matches, and
 * so a table means the same in whatever order its rules were made.
 * @throws CamflowError as {@link checkRoom}
 */
export function addressTable(direction: AddressDirection, rules: readonly AddressRule[]): Uint8Array {
  const { size, rulesOffset, ruleBytes, offsets } = addressRules;
  checkRoom(direction, rules.length);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, rules.length, true);
  const inOrder = [...rules].sort(compareAddressRanges);
  for (const [index, { address, prefix, port, flags }] of inOrder.entries()) {
    const at = rulesOffset + index * ruleBytes;
    const isIpv4 = address.length === 4;
    bytes.set(isIpv4 ? [...ipv4MappedPrefix, ...address] : address, at);
    view.setUint32(at + offsets.prefix, isIpv4 ? prefix + mappedBits : prefix, true);
    view.setUint16(at + offsets.port, port, true);
    view.setUint32(at + offsets.flags, flags, true);
  }
  return bytes;
}
