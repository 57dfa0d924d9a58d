import { createRandom } from '@camflow/testkit';
import { describe, expect, test } from 'vitest';
import { base64Tables, createBase64Writer } from './base64.ts';
import { createDecimalWriter, decimalTables } from './decimal.ts';
import { createHexWriter, hexDigits } from './hexadecimal.ts';

const buffer = Buffer.alloc(8192);
const out = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
const decimal = createDecimalWriter(decimalTables, out);
const hex = createHexWriter(hexDigits, out);

const written = (end: number): string => buffer.toString('latin1', 1, end);

/** Every power of two and of ten with its neighbours, and random numbers of every length. */
function numbers(): bigint[] {
  const random = createRandom(1);
  const list = [0n];
  for (let bits = 0n; bits <= 64n; bits++) list.push(2n ** bits - 1n, 2n ** bits, 2n ** bits + 1n);
  for (let digits = 0n; digits < 20n; digits++)
    list.push(10n ** digits - 1n, 10n ** digits, 10n ** digits + 1n);
  for (let i = 0; i < 20_000; i++) {
    const word = (): bigint => BigInt(random.below(0x1_0000_0000));
    list.push(((word() << 32n) | word()) >> BigInt(random.below(64)));
  }
  return list.map((value) => BigInt.asUintN(64, value));
}

describe('numbers', () => {
  test('in decimal and hexadecimal are those of BigInt', () => {
    for (const value of numbers()) {
      const low = Number(BigInt.asIntN(32, value));
      const high = Number(BigInt.asIntN(32, value >> 32n));
      expect(written(decimal.u64(1, low, high))).toBe(String(value));
      expect(written(decimal.i64(1, low, high))).toBe(String(BigInt.asIntN(64, value)));
      expect(written(decimal.u32(1, low))).toBe(String(BigInt.asUintN(32, value)));
      expect(written(hex.u64(1, low, high))).toBe(value.toString(16));
      expect(written(hex.u32(1, low))).toBe(BigInt.asUintN(32, value).toString(16));
    }
  });
});

describe('base64', () => {
  const input = Buffer.from(new ArrayBuffer(4096));
  const words = new Int32Array(input.buffer);
  const base64 = createBase64Writer(base64Tables, words, out);

  test('of bytes of any number is that of Buffer', () => {
    createRandom(2).fill(input);
    for (let length = 0; length < 100; length++) {
      expect(written(base64.bytes(1, 3, length))).toBe(input.toString('base64', 12, 12 + length));
    }
    expect(written(base64.bytes(1, 0, 4096))).toBe(input.toString('base64'));
  });

  test('of identifiers is that of Buffer, whatever came before', () => {
    const random = createRandom(3);
    for (let round = 0; round < 2000; round++) {
      for (let at = 0; at < 32; at++)
        if (random.below(4) === 0) input[at] = random.below(3) ? random.below(256) : 0;
      base64.identifier(1, 0);
      expect(written(45)).toBe(input.toString('base64', 0, 32));
    }
  });
});
