import { describe, expect, test } from 'vitest';
import { readDisclosedMembers } from './disclosed-members.ts';

const shown = (text: string): unknown =>
  readDisclosedMembers(text)?.map(({ name, json, nested }) => [name, json, nested]);

describe('disclosed members', () => {
  test.each([
    ['"a":1', [['a', '1', false]]],
    [
      ' "a" : "x\\n\\u00e9" , "b":true',
      [
        ['a', '"x\\né"', false],
        ['b', 'true', false],
      ],
    ],
    [
      '"n":123456789012345678901234567890,"m":1e400',
      [
        ['n', '123456789012345678901234567890', false],
        ['m', '1e400', false],
      ],
    ],
    [
      '"a":[1, {"]":"}"},\n"\\""],"b":null',
      [
        ['a', '[1,{"]":"}"},"\\""]', true],
        ['b', 'null', true],
      ],
    ],
    ['"a":1,"a":{"x":1,"x":2}', [['a', '{"x":2}', true]]],
    ['"__proto__":1', [['__proto__', '1', false]]],
    ['"\\ud800":"\\udc00x"', [['\ufffd', '"\ufffdx"', false]]],
    ['"a":["\\ud800","\\\\ud800"]', [['a', '["\ufffd","\\\\ud800"]', true]]],
    ['', []],
  ])('%s', (text, members) => {
    expect(shown(text)).toEqual(members);
  });

  test.each(['a', '"a"', '"a":', '"a":1,', '"a":1},{"b":2', '}{', '"a":\u0001', '{"a":1}', '"a":01'])(
    '%s is not the inside of an object',
    (text) => {
      expect(readDisclosedMembers(text)).toBeUndefined();
    },
  );

  test('what is nested too deep becomes a string', () => {
    const deep = `${'['.repeat(2000)}${']'.repeat(2000)}`;
    expect(shown(`"a":${deep}`)).toEqual([['a', `"${deep}"`, false]]);
  });
});
