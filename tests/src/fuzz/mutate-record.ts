import { type RecordType, recordTypeOfCode, recordTypes, shapes } from '@camflow/api';
import type { Random } from '@camflow/testkit';

/** Lengths at which something may go wrong. */
const extremeLengths: readonly bigint[] = [
  0n,
  1n,
  255n,
  256n,
  3839n,
  3840n,
  3841n,
  4095n,
  4096n,
  4097n,
  8192n,
  0x7fff_ffffn,
  0xffff_ffffn,
  1n << 32n,
  1n << 53n,
  (1n << 63n) - 1n,
  1n << 63n,
  (1n << 64n) - 1n,
];

/** Bytes that text must not break on: quotes, escapes, controls, pieces of UTF-8. */
const awkward = Uint8Array.of(
  0x00,
  0x01,
  0x09,
  0x0a,
  0x0d,
  0x1f,
  0x22,
  0x2f,
  0x5c,
  0x7f,
  0x80,
  0xbf,
  0xc0,
  0xc3,
  0xa9,
  0xe2,
  0x80,
  0xa8,
  0xed,
  0xa0,
  0x80,
  0xee,
  0xbe,
  0x80,
  0xef,
  0xbf,
  0xbf,
  0xf0,
  0x9f,
  0x98,
  0x80,
  0xf4,
  0x90,
  0xff,
  0x3c,
  0x7b,
  0x7d,
);

type Mutation = (record: Buffer, random: Random, type: RecordType | undefined) => void;

const mutations: readonly Mutation[] = [
  /** Nothing: what is valid must stay so among the damaged. */
  () => {},
  /** A few bits. */
  (record, random) => {
    for (let i = random.below(16); i >= 0; i--) record[random.below(record.length)]! ^= 1 << random.below(8);
  },
  /** A stretch of random bytes. */
  (record, random) => {
    const from = random.below(record.length);
    random.fill(record.subarray(from, from + 1 + random.below(record.length - from)));
  },
  /** The type of another record. */
  (record, random) => {
    record.writeBigUInt64LE(random.pick(recordTypes).code);
  },
  /** A type that is none. */
  (record, random) => {
    record[random.below(8)]! ^= 1 << random.below(8);
  },
  /** A length that is none. */
  (record, random, type) => {
    const fields = type && shapes.get(type.shape)?.fields;
    const length = fields?.get('length') ?? fields?.get('size');
    if (length) record.writeBigUInt64LE(random.pick(extremeLengths), length.offset);
  },
  /** Text or bytes made of what is awkward, over the whole of an array. */
  (record, random, type) => {
    const fields = type && shapes.get(type.shape)?.fields;
    for (const field of fields?.values() ?? []) {
      if (field.type !== 'text' && field.type !== 'bytes') continue;
      const array = record.subarray(field.offset, field.offset + field.size);
      if (random.chance(0.5)) array.fill(random.pick([...awkward]));
      else for (let i = 0; i < array.length; i++) array[i] = awkward[random.below(awkward.length)]!;
    }
  },
  /** Random bytes all over, behind the type. */
  (record, random) => random.fill(record.subarray(8)),
];

/** Damages a record in one of several ways, in place. */
export function mutateRecord(record: Buffer, random: Random): void {
  random.pick(mutations)(record, random, recordTypeOfCode(record.readBigUInt64LE()));
}
