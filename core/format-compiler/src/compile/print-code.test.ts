import { describe, expect, test } from 'vitest';
import { CodeWriter } from './code-writer.ts';
import { printCode } from './print-code.ts';
import { TextVariants, VariantLayout } from './text-variants.ts';

function codeOf(...texts: readonly string[]): CodeWriter {
  const code = new CodeWriter();
  for (const [i, text] of texts.entries()) {
    if (i > 0) code.value(1, (p) => `digit(${p})`);
    code.text(text);
  }
  return code;
}

/** What the shared function of some codes writes for each of them. */
function run(codes: readonly CodeWriter[]): string[] {
  const variants = new TextVariants();
  const body = printCode(codes, variants);
  const layout = new VariantLayout();
  // Types are told apart by their index alone.
  layout.append(
    [...codes.keys()].map((i) => i + 1),
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
  return codes.map((_, i) => out.toString('latin1', 3, write(3, i + 1)));
}

describe('printed code', () => {
  test('writes constant text of any length', () => {
    for (let length = 0; length < 40; length++) {
      const text = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGH'.slice(0, length);
      expect(run([codeOf(text, 'end')])).toEqual([`${text}7end`]);
    }
  });

  test('is shared by codes that differ in texts of any lengths', () => {
    const middles = ['', 'a', 'bcdefgh', 'bcdefghi', 'bcdefghij', 'aa', '<key>'];
    const codes = middles.map((middle) => codeOf(`{"t":"${middle}","v":`, `,"${middle}":0`, '}'));
    expect(run(codes)).toEqual(middles.map((middle) => `{"t":"${middle}","v":7,"${middle}":07}`));
  });

  test('is shared by codes whose texts overlap where they begin and end alike', () => {
    expect(run([codeOf('aaa', 'x'), codeOf('aaaaa', 'x'), codeOf('aa', 'x')])).toEqual([
      'aaa7x',
      'aaaaa7x',
      'aa7x',
    ]);
  });

  test('has the same skeleton only where nothing but text differs', () => {
    expect(codeOf('a', 'b').skeleton).toBe(codeOf('other', 'text').skeleton);
    expect(codeOf('a', 'b').skeleton).not.toBe(codeOf('a', 'b', 'c').skeleton);
    const statement = codeOf('a');
    statement.statement('if(w){');
    expect(statement.skeleton).not.toBe(codeOf('a').skeleton);
  });
});
