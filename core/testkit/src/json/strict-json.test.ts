import { describe, expect, test } from 'vitest';
import { createRandom } from '../records/random.ts';
import { checkJson } from './strict-json.ts';

const problemOf = (text: string | Uint8Array): string | undefined =>
  checkJson(Buffer.from(text as string))?.message;

describe('accepts', () => {
  test.each([
    '{}',
    ' [ ] \n',
    '{"a":{"a":1},"b":[{"a":1},{"a":2}]}',
    '"\\u00e9\\ud83d\\ude00 é 日本 😀 \uef80\uefff"',
    '[-0,0.5,1e9,1E-7,12345678901234567890]',
    'true',
    JSON.stringify(Object.fromEntries(Array.from({ length: 500 }, (_, i) => [`key ${i}`, i]))),
  ])('%s', (text) => {
    expect(problemOf(text)).toBe(undefined);
  });
});

describe('refuses', () => {
  test.each([
    ['', 'no value'],
    ['{"a":1,"a":2}', 'key a twice'],
    ['{"a":1,"\\u0061":2}', 'key a twice'],
    ['{"\\u0061":1,"b":0,"a":2}', 'key a twice'],
    ['{"x":[{"b":1,"c":{},"b":1}]}', 'key b twice'],
    [`{${Array.from({ length: 100 }, (_, i) => `"${i % 99}":1`).join()}}`, 'key 0 twice'],
    ['{"a":1,}', 'no key'],
    ['{"a" 1}', 'no colon'],
    ['[1 2]', 'no comma'],
    ['[01]', 'no comma'],
    ['[1.]', 'no digit'],
    ['"\t"', 'control character in a string'],
    ['"\0"', 'control character in a string'],
    ['"\\x"', 'bad escape'],
    ['"\\u12g4"', 'bad escape'],
    ['"\\ud800"', 'half a surrogate pair'],
    ['"\\ud800\\u0041"', 'half a surrogate pair'],
    ['"abc', 'string without end'],
    ['nul', 'not null'],
    ['{}{}', 'text after the value'],
    ['{}\0', 'text after the value'],
    ['['.repeat(1000), 'nested too deep'],
  ])('%s', (text, problem) => {
    expect(problemOf(text)).toBe(problem);
  });

  test.each([[[0xff]], [[0xc3]], [[0xed, 0xa0, 0x80]], [[0xc0, 0x80]], [[0xf5, 0x80, 0x80, 0x80]]])(
    'bytes %j in a string',
    (bytes) => {
      expect(problemOf(Uint8Array.of(0x22, ...bytes, 0x22))).toBe('not UTF-8');
    },
  );
});

test('agrees with JSON.parse on damaged texts without keys', () => {
  const random = createRandom(11);
  const intact = Buffer.from('[{"a":-1.5e3,"b":["x\\n",true,null,false]},"\\u0041é"]');
  let refused = 0;
  for (let round = 0; round < 20_000; round++) {
    const text = Buffer.from(intact);
    for (let i = 0; i < 1 + random.below(2); i++) text[random.below(text.length)] = 0x20 + random.below(0x5f);
    let parsed = true;
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(text);
      JSON.parse(text.toString());
    } catch {
      parsed = false;
    }
    const problem = checkJson(text);
    if (problem?.message.endsWith('twice') || problem?.message === 'half a surrogate pair') continue;
    expect(problem === undefined, text.toString()).toBe(parsed);
    if (!parsed) refused++;
  }
  expect(refused).toBeGreaterThan(5000);
});
