import { type Abi, decodeText, type Field, fieldOf, type RecordType } from '@camflow/api';
import { readDisclosedMembers } from '../encode/disclosed-members.ts';
import { readSocketAddress } from '../encode/socket-address.ts';
import type { InvalidUtf8 } from '../encode/utf8.ts';
import { TextTooLong } from '../lookup/rendered-texts.ts';
import type { AddressAttributes, DisclosedAttributes, RecordText } from '../table/attribute.ts';

/**
 * Most bytes that the attributes of a socket address or of disclosed text can become. Every byte of the 4,096
 * of a fixed array grows to at most six, or to five and the prefix of a key; longer ones get the room of other texts.
 */
export function maxGroupBytes(maxTextBytes: number): number {
  return Math.max(40 << 10, maxTextBytes);
}

/** Bytes of a `sockaddr_storage`. */
const storageBytes = 128;

/** Writes the attributes of a group, each with a comma before it; returns where the text ends. */
export type GroupWriter = (p: number, word: number) => number;

/** Makes the writer of a group of attributes whose keys depend on the record. These records are rare: speed is not sought. */
export function createGroupWriter(
  group: AddressAttributes | DisclosedAttributes,
  type: RecordType,
  record: RecordText,
  out: Uint8Array,
  target: { readonly memory: Uint8Array; readonly abi: Abi; readonly invalidUtf8: InvalidUtf8 } & {
    readonly maxTextBytes: number;
  },
): GroupWriter {
  const { memory: input, invalidUtf8: invalid } = target;
  const room = maxGroupBytes(target.maxTextBytes);
  const encoder = new TextEncoder();
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  const replace = new TextDecoder('utf-8', { ignoreBOM: true });
  const decode = invalid === 'escape' ? decodeText : (bytes: Uint8Array) => replace.decode(bytes.slice());
  const fieldNamed = (name: string): Field => fieldOf(type.shape, name, target.abi.shapes);
  const bytesOf = ({ offset, size, storedAt }: Field, word: number): Uint8Array => {
    const stored = storedAt === undefined ? size : view.getUint32(word * 4 + storedAt, true);
    return input.slice(word * 4 + offset, word * 4 + offset + stored);
  };
  const length = fieldNamed('length');
  const lengthAt = (word: number): bigint => view.getBigUint64(word * 4 + length.offset, true);

  const taken = record.attributes.flatMap((attribute) => (attribute.kind === 'value' ? [attribute.key] : []));

  const members =
    group.kind === 'address'
      ? (word: number): string => {
          const storage = new Uint8Array(storageBytes);
          storage.set(bytesOf(fieldNamed('addr'), word).subarray(0, storageBytes));
          return group
            .entries(readSocketAddress(storage, lengthAt(word), decode))
            .map(([key, value]) => `,${JSON.stringify(key)}:${JSON.stringify(value)}`)
            .join('');
        }
      : (word: number): string => {
          const content = bytesOf(fieldNamed('content'), word);
          const size = lengthAt(word) < BigInt(content.length) ? Number(lengthAt(word)) : content.length;
          return disclosedMembers(
            group,
            new Set(taken),
            decode(withoutTrailingNuls(content.subarray(0, size))),
          );
        };

  return (p, word) => {
    const text = members(word);
    const { read, written } = encoder.encodeInto(text, out.subarray(p, p + room));
    if (read < text.length) throw new TextTooLong(text.length * 3);
    return p + written;
  };
}

function disclosedMembers(group: DisclosedAttributes, taken: Set<string>, text: string): string {
  if (text === '') return '';
  const members = readDisclosedMembers(text);
  if (members === undefined) return `,${JSON.stringify(group.wholeTextKey)}:${JSON.stringify(text)}`;
  let json = '';
  for (const member of members) {
    let key = group.keyOf(member.name);
    while (taken.has(key)) key = group.renamed(key);
    taken.add(key);
    const value = member.nested && group.nested === 'string' ? JSON.stringify(member.json) : member.json;
    json += `,${JSON.stringify(key)}:${value}`;
  }
  return json;
}

function withoutTrailingNuls(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0) end--;
  return bytes.subarray(0, end);
}
