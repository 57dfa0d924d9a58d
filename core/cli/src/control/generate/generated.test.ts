import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { controlOptions, generalOptions } from '../option-table.ts';
import { camflowManual } from './camflow-manual.ts';
import { bashCompletion, zshCompletion } from './completion.ts';
import { helpText } from './help-text.ts';

const commands = [
  ['record', "record a command's doings"],
  ['replay', 'put a capture: file'],
] as const;
const flags = [...controlOptions.map(({ flag }) => flag), ...generalOptions.map(([flag]) => flag)];
const lacks = (program: string): boolean => spawnSync(program, ['--version']).error !== undefined;
const mustRun = process.env['CAMFLOW_TEST_SYSTEM'] === '1';
const noZsh = !mustRun && lacks('zsh') ? ' (skipped: no zsh)' : '';
const noMan = !mustRun && lacks('groff') ? ' (skipped: no groff)' : '';

test('every option is in the help, the manual and both completions', () => {
  const texts = [
    helpText(commands, false),
    camflowManual(commands).replaceAll('\\-', '-'),
    zshCompletion(commands),
  ];
  for (const text of [...texts, bashCompletion(commands)])
    for (const flag of flags) expect(text).toContain(flag);
});

test('colours appear where they are asked for only', () => {
  expect(helpText(commands, false)).not.toContain('\u001b');
  expect(helpText(commands, true)).toContain('\u001b[32m--track-file\u001b[0m \u001b[33m<filename>\u001b[0m');
});

describe('bash', () => {
  const complete = (...words: string[]): string[] => {
    const script = `${bashCompletion(commands)}
COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}
_camflow; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
    expect(stderr).toBe('');
    return stdout.trim().split('\n');
  };

  test('completes options, commands and arguments', () => {
    expect(complete('camflow', '--track-f')).toEqual(['--track-file']);
    expect(complete('camflow', 're')).toEqual(['record', 'replay']);
    expect(complete('camflow', '--track-file', '/etc', 'p')).toEqual(['propagate']);
    expect(complete('camflow', '--node-filter', 'direct')).toEqual(['directory']);
    expect(complete('camflow', '--track-user', 'roo')).toEqual(['root']);
    expect(complete('camflow', '--process', '1')).toContain('1');
  });
});

describe('zsh', () => {
  // What the completion system of an interactive shell does with what the function gives it is left to that.
  const stubs = ['_files', '_pids', '_users', '_groups'].map((name) => `${name}() { print -r -- ${name} }`);
  const complete = (...words: string[]): string[] => {
    const script = [
      ...stubs,
      `_describe() { print -rl -- "\${(@P)2}" }`,
      'compadd() { print -rl -- "$@" }',
      `words=(${words.map((word) => `'${word}'`).join(' ')}) CURRENT=${words.length}`,
      zshCompletion(commands),
    ].join('\n');
    const { stdout, stderr } = spawnSync('zsh', ['-fc', script], { encoding: 'utf8' });
    expect(stderr).toBe('');
    return stdout.trim().split('\n');
  };

  test.skipIf(noZsh !== '')(`completes options, commands and arguments${noZsh}`, () => {
    const first = complete('camflow', '');
    expect(first).toContain('--track-file:set tracking.');
    expect(first).toContain("record:record a command's doings");
    expect(first).toContain('replay:put a capture\\: file');
    expect(complete('camflow', '--track-file', '')).toEqual(['_files']);
    expect(complete('camflow', '--track-file', '/etc', '')).toEqual(['false', 'true', 'propagate']);
    expect(complete('camflow', '--node-filter', 'd')).toContain('directory');
    expect(complete('camflow', '--node-filter', 'directory', '')).toEqual(['true', 'false']);
    expect(complete('camflow', '--track-user', '')).toEqual(['_users']);
    expect(complete('camflow', '--track-group', '')).toEqual(['_groups']);
    expect(complete('camflow', '--process', '')).toEqual(['_pids']);
    expect(complete('camflow', 'replay', '')).toEqual(['_files']);
  });
});

test.skipIf(noMan !== '')(`the manual is one that groff takes without a warning${noMan}`, () => {
  const { status, stderr, stdout } = spawnSync('groff', ['-man', '-Tutf8', '-ww', '-z'], {
    input: camflowManual(commands),
    encoding: 'utf8',
  });
  expect({ status, stderr, stdout }).toEqual({ status: 0, stderr: '', stdout: '' });
});

test('the program prints them', () => {
  const program = fileURLToPath(new URL('../../../bin/camflow.js', import.meta.url));
  const run = (...args: string[]) => spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
  expect(run('completion', 'zsh').stdout).toMatch(/^#compdef camflow\n/);
  expect(run('manual').stdout).toContain('.SH OPTIONS: FILES');
  expect(run('completion', 'fish')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('bash or zsh'),
  });
  expect(run()).toMatchObject({ status: 2, stdout: expect.stringContaining('\n--drop\n') });
  expect(run('-h')).toMatchObject({ status: 0, stderr: '' });
});
