import { describe, expect, test } from 'vitest';
import { parseArguments } from './arguments.ts';

describe('the command line of pnpm vm', () => {
  test('alone asks for a shell on the first kernel', () => {
    expect(parseArguments([])).toMatchObject({
      command: [],
      kernel: '6.1',
      timeoutMs: 600_000,
      bpfLsm: true,
    });
  });

  test('leaves the options of the command alone', () => {
    const { command, kernel } = parseArguments(['--kernel', '6.12', '--', 'ls', '--kernel', '-l']);
    expect(command).toEqual(['ls', '--kernel', '-l']);
    expect(kernel).toBe('6.12');
  });

  test('names files on both sides', () => {
    const { put, fetch } = parseArguments([
      ...['--put', 'a:b:/data/in', '--fetch', '/data/out', '--fetch', '/data/log:kept/here'],
    ]);
    expect(put).toEqual([{ host: 'a:b', guest: '/data/in' }]);
    expect(fetch).toEqual([
      { guest: '/data/out', host: 'out' },
      { guest: '/data/log', host: 'kept/here' },
    ]);
  });

  test.for([
    ['--kernel', '5.10'],
    ['--put', 'in:relative'],
    ['--fetch', 'relative'],
    ['--cpus', '0'],
    ['--timeout', '1e3'],
    ['--timeout', '2147484'],
    ['--unknown'],
  ])('refuses %s %s', (args) => {
    expect(() => parseArguments(args)).toThrow(expect.objectContaining({ name: 'GuestError' }));
  });

  test('names the kernels that there are', () => {
    expect(() => parseArguments(['--kernel', '5.10'])).toThrow('no guest runs kernel 5.10: say 6.1 or 6.12');
  });
});
