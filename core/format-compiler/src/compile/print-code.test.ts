import { describe, expect, test } from 'vitest';
import { CodeWriter } from './code-writer.ts';
import { printCode } from './print-code.ts';
import { TextVariants, VariantLayout } from './text-variants.ts';

/** @param members - for each type of record the texts, between which stands a digit */
function codeOf(...members: readonly (readonly string[])[]): CodeWriter {
  const code = new CodeWriter();
  for (const i of members[0]!.keys()) {
    if (i > 0) code.value(1, (p) => `digit(${p})`);
    code.text(members.map((texts) => texts[i]!));
  }
  return code;
}

/** What the function writes for each type of record. */
function run(...members: readonly (readonly string[])[]): string[] {
  const variants = new TextVariants();
  const body = printCode(codeOf(...members), variants);
  const layout = new VariantLayout();
  // Types are told apart by their index alone.
  layout.append(
    [...members.keys()].map((i) => i + 1),
    variants,
  );
  const out = Buffer.alloc(256, 0xff);
  const D = new DataView(out.buffer, out.byteOffset, out.length);
  const digit = (p: number): number => p + out.write('7', p);
  const tables = layout.tables;
  const write = new Function(
    ...['D', 'digit', 'variantTexts', 'variantLengths', 'variantsOf'],
    `return (p,type)=>{const v=variantsOf[type];${body}return p;}`,
  )(D, digit, tables.variantTexts, tables.variantLengths, tables.variantsOf) as (
    p: number,
    type: number,
  ) => number;
  return members.map((_, i) => out.toString('latin1', 3, write(3, i + 1)));
}

describe('printed code', () => {
  test('writes constant text of any length', () => {
    for (let length = 0; length < 40; length++) {
      const text = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGH'.slice(0, length);
      expect(run([text, 'end'])).toEqual([`${text}7end`]);
    }
  });

  test('is shared by types whose texts have any lengths', () => {
    const middles = ['', 'a', 'bcdefgh', 'bcdefghi', 'bcdefghij', 'aa', '<key>'];
    const members = middles.map((middle) => [`{"t":"${middle}","v":`, `,"${middle}":0`, '}']);
    expect(run(...members)).toEqual(middles.map((middle) => `{"t":"${middle}","v":7,"${middle}":07}`));
  });

  test('is shared by types whose texts overlap where they begin and end alike', () => {
    expect(run(['aaa', 'x'], ['aaaaa', 'x'], ['aa', 'x'])).toEqual(['aaa7x', 'aaaaa7x', 'aa7x']);
  });
});
