import { describe, expect, test } from 'vitest';
import { parseIni } from './ini-dialect.ts';
import { groupValues } from './ini-values.ts';

/** What a text comes down to: every value as `section.key=value`. */
function read(text: string): string[] {
  return parseIni(text).assignments.map(({ section, key, value }) => `${section}.${key}=${value}`);
}

describe('the ini dialect of CamFlow', () => {
  test.each([
    ['equals and colon, whichever comes first', '[a]\nx=1:2\ny:3=4', ['a.x=1:2', 'a.y=3=4']],
    ['blanks around names and values', '[a]\nx \t=\t 1 \r\n', ['a.x=1']],
    ['a byte-order mark', '\ufeff[a]\nx=1', ['a.x=1']],
    ['comment lines of both kinds, indented too', '[a]\n;x=1\n#y=2\nz=1\n  ; no\n\t# no', ['a.z=1']],
    [
      'a comment behind a value',
      '[a]\nx=true ; yes\ny=true;\nz=a;b #c',
      ['a.x=true', 'a.y=true;', 'a.z=a;b #c'],
    ],
    ['an empty value, and one that is only a comment', '[a]\nx=\ny= ; none', ['a.x=', 'a.y=']],
    ['no quotes and no escapes', '[a]\nx="q"\ny=a\\;b\\n', ['a.x="q"', 'a.y=a\\;b\\n']],
    ['an MQTT topic filter', '[mqtt]\ntopic=a/#', ['mqtt.topic=a/#']],
    ['dots in section names', '[a.b]\nx=1\n[a.c]\nx=2', ['a.b.x=1', 'a.c.x=2']],
    ['a comment behind a section', '[a] ; first\nx=1', ['a.x=1']],
    ['a minus sign for a hyphen', '[ipv4\u2212egress]\ntrack=1', ['ipv4-egress.track=1']],
    [
      'both names of the unix output',
      '[unix]\naddress=/a\n[unix_socket]\naddress=/b',
      ['unix_socket.address=/a', 'unix_socket.address=/b'],
    ],
    ['case', '[A]\nX=1', ['A.X=1']],
    [
      'a line that starts with a blank',
      '[file]\ntrack=/a\n  /b\n\n\t/c ; third',
      ['file.track=/a', 'file.track=/b', 'file.track=/c'],
    ],
    ['a section of which an indented line is the first', '[a]\n  x=1', ['a.x=1']],
    ['a value of any length', `[a]\nx=${'v'.repeat(5000)}`, [`a.x=${'v'.repeat(5000)}`]],
    ['keys before any section', 'x=1', ['.x=1']],
  ])('%s', (_what, text, expected) => {
    expect(read(text)).toEqual(expected);
    expect(parseIni(text).problems).toEqual([]);
  });

  test('lines that are nothing are all reported, with their numbers', () => {
    const { problems, assignments } = parseIni('[a]\nnonsense\nx=1\n[open\n=1\ntwo words=1\n__proto__[]=1');
    expect(problems.map((problem) => problem.line)).toEqual([2, 4, 5, 6, 7]);
    expect(assignments).toEqual([{ section: 'a', key: 'x', value: '1', line: 3 }]);
  });

  test('after a heading that is not closed the old section holds', () => {
    expect(read('[a]\nx=1\n[b\ny=2')).toEqual(['a.x=1', 'a.y=2']);
    expect(read('[b\ny=2')).toEqual(['.y=2']);
  });

  test('what continues a key that is none is none of the key before it', () => {
    const { problems, assignments } = parseIni('[a]\nx=1\ntwo words=2\n  3\nnonsense\n  4\n=5\n  y=6');
    expect(assignments.map(({ key, value }) => `${key}=${value}`)).toEqual(['x=1', 'y=6']);
    expect(problems.map(({ line }) => line)).toEqual([3, 4, 5, 6, 7]);
  });

  test('an indented assignment is taken as CamFlow takes it, and doubted', () => {
    const { assignments, doubts } = parseIni('[log]\npath=/a\n format=w3c');
    expect(assignments[1]).toMatchObject({ key: 'path', value: 'format=w3c' });
    expect(doubts).toEqual([{ line: 3, message: 'starts with a blank, and so is one more value of "path"' }]);
  });
});

test('values come back from ini as they were written, and repeated ones in order', () => {
  const values = [
    'a/#',
    '"q"',
    "'s'",
    'a;b',
    'a\\;b',
    '\\',
    '',
    'true',
    'null',
    '[x]',
    'a=b',
    ' ',
    '\u00e9\u2212',
    '12',
  ];
  expect(groupValues(values.map((value) => ({ key: 'k', value })))).toEqual({ k: values });
  for (const value of values) expect(groupValues([{ key: 'k.a-b', value }])).toEqual({ 'k.a-b': value });
  expect(
    groupValues([
      { key: '__proto__', value: 'x' },
      { key: 'constructor', value: 'y' },
    ]),
  ).toEqual({ constructor: 'y' });
});

describe('whatever stands in a file', () => {
  /** The same numbers every time. */
  function createRandom(seed: number): (below: number) => number {
    let state = seed;
    return (below) => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
  }

  test('every line is an assignment, a section, a comment or a problem', () => {
    const random = createRandom(1);
    const alphabet = 'ab=:;#[] \t\r\n\n\v\\"\'\u2212\u00a0\ufeff\0$.';
    for (let round = 0; round < 20_000; round++) {
      const text = Array.from({ length: random(60) }, () => alphabet[random(alphabet.length)]).join('');
      const { assignments, problems } = parseIni(text);
      const told = [...assignments, ...problems].map(({ line }) => line);
      expect(new Set(told).size, JSON.stringify(text)).toBe(told.length);
      expect(Math.max(0, ...told)).toBeLessThanOrEqual(text.split('\n').length);
      for (const { key, value } of assignments) {
        expect(key).toMatch(/^[\w.-]+$/);
        expect(groupValues([{ key: 'k', value }])).toEqual({ k: value });
      }
    }
  });

  test('values that the dialect can hold come back', () => {
    const random = createRandom(2);
    const alphabet = [...'ab=:;#[]"\'\\\u2212}{$.\u00e9\u{1f600}'];
    for (let round = 0; round < 5_000; round++) {
      const value = Array.from({ length: random(20) }, () => alphabet[random(alphabet.length)]).join('');
      expect(read(`[s]\nk${random(2) === 0 ? '=' : ' :'}${value}\r\n`)).toEqual([`s.k=${value}`]);
    }
  });
});
