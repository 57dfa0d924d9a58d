import { expect, test } from 'vitest';
import { bytesOfCommand } from './given-bytes.ts';

const bytes = (...texts: string[]): Buffer[] => texts.map((text) => Buffer.from(text, 'latin1'));
/** As node shows it. */
const text = (given: Buffer): string => given.toString();

test('where all is text, there is nothing to do', () => {
  const environment = { HOME: '/', NAME: 'ö' };
  const given = {
    words: bytes('node', 'camflow', 'record', 'ls', '-l'),
    environment: bytes('HOME=/', 'NAME=\xc3\xb6'),
  };
  expect(bytesOfCommand(['ls', '-l'], environment, given)).toBe(undefined);
});

test('words keep their bytes, and are told from those of node and of camflow', () => {
  const words = bytes('node', '--flag', 'camflow', 'record', '\xff', 'in\xff', 'in\xfe', '');
  const command = words.slice(5).map(text);
  expect(bytesOfCommand(command, {}, { words, environment: [] })).toEqual({
    words: words.slice(5),
    environment: [],
  });
});

test('variables keep their bytes, but for those that are changed, taken out and new', () => {
  const given = bytes('A=\xff', 'B=\xfe', 'C=3', 'D=4', '\xff=name', 'A=again', 'no value');
  const environment = { A: '\ufffd', B: 'other', D: '4', E: '\u00e9' };
  expect(bytesOfCommand(['x'], environment, { words: bytes('x'), environment: given })?.environment).toEqual(
    bytes('A=\xff', 'B=other', 'D=4', '\xff=name', 'no value', 'E=\xc3\xa9'),
  );
});
