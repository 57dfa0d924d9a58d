import { decodeText, type Field, fieldOf, type RecordType } from '@camflow/api';
import { readDisclosedMembers } from '../encode/disclosed-members.ts';
import { readSocketAddress } from '../encode/socket-address.ts';
import type { InvalidUtf8 } from '../encode/utf8.ts';
import { TextTooLong } from '../lookup/rendered-texts.ts';
import type { AddressAttributes, DisclosedAttributes, RecordText } from '../table/attribute.ts';

/**
 * Most bytes that the attributes of a socket address or of disclosed text can become. Every byte of the 4,096
 * grows to at most six, or to five and the prefix of a key.
 */
export const maxGroupBytes: number = 40 << 10;

/** Writes the attributes of a group, each with a comma before it; returns where the text ends. */
export type GroupWriter = (p: number, word: number) => number;

/** Makes the writer of a group of attributes whose keys depend on the record. These records are rare: speed is not sought. */
export function createGroupWriter(
  group: AddressAttributes | DisclosedAttributes,
  type: RecordType,
  record: RecordText,
  input: Uint8Array,
  out: Uint8Array,
  invalid: InvalidUtf8,
): GroupWriter {
  const encoder = new TextEncoder();
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  const replace = new TextDecoder('utf-8', { ignoreBOM: true });
  const decode = invalid === 'escape' ? decodeText : (bytes: Uint8Array) => replace.decode(bytes.slice());
  const length = fieldOf(type.shape, 'length').offset;
  const lengthAt = (word: number): bigint => view.getBigUint64(word * 4 + length, true);
  /** A copy of the first bytes of a field. */
  const bytesOf = (field: Field, word: number, size: number): Uint8Array =>
    input.slice(word * 4 + field.offset, word * 4 + field.offset + size);

  let members: (word: number) => string;
  if (group.kind === 'address') {
    const storage = fieldOf(type.shape, 'addr');
    members = (word) =>
      group
        .entries(readSocketAddress(bytesOf(storage, word, storage.size), lengthAt(word), decode))
        .map(([key, value]) => `,${JSON.stringify(key)}:${JSON.stringify(value)}`)
        .join('');
  } else {
    const content = fieldOf(type.shape, 'content');
    const taken = record.attributes.flatMap((attribute) =>
      attribute.kind === 'value' ? [attribute.key] : [],
    );
    members = (word) => {
      const size = lengthAt(word) < BigInt(content.size) ? Number(lengthAt(word)) : content.size;
      const text = decode(withoutTrailingNuls(bytesOf(content, word, size)));
      return disclosedMembers(group, new Set(taken), text);
    };
  }

  return (p, word) => {
    const text = members(word);
    const { read, written } = encoder.encodeInto(text, out.subarray(p, p + maxGroupBytes));
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
