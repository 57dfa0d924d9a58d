import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generalSection } from '@camflow/config';
import { afterAll, describe, expect, test } from 'vitest';
import { createContainer } from '../../composition/container.ts';
import { camconfdProgram } from '../../programs/camconfd-program.ts';
import { camflowdProgram } from '../../programs/camflowd-program.ts';
import { controlOptions, generalOptions } from '../option-table.ts';
import { camconfdManual } from './camconfd-manual.ts';
import { camflowManual } from './camflow-manual.ts';
import { camflowdManual } from './camflowd-manual.ts';
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
const noScript = !mustRun && lacks('script') ? ' (skipped: no script)' : '';
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
  const folder = mkdtempSync(join(tmpdir(), 'camflow-completion-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  /** What an interactive bash of its own, on a terminal, is offered at the end of each line. */
  const complete = (...lines: string[]): string[][] => {
    const [rc, offers] = [join(folder, 'rc'), join(folder, 'offers')];
    const told = `{ printf '%s\\n' "\${COMPREPLY[@]}"; echo --; } >>'${offers}'`;
    const stub = `camflow() { :; }\nnoted() { _camflow; ${told}; }\ncomplete -F noted camflow\nHISTFILE=\n`;
    writeFileSync(rc, `${bashCompletion(commands)}${stub}`);
    writeFileSync(offers, '');
    const { status, stdout } = spawnSync(
      'script',
      ['-qec', `bash --noprofile --rcfile '${rc}' -i`, '/dev/null'],
      {
        input: [...lines.map((line) => `${line}\t`), 'exit', ''].join('\n'),
        encoding: 'utf8',
        timeout: 30_000,
      },
    );
    expect(status, stdout).toBe(0);
    return readFileSync(offers, 'utf8')
      .split('--\n')
      .slice(0, -1)
      .map((offer) => offer.split('\n').filter((word) => word !== ''));
  };

  test.skipIf(noScript !== '')(`completes options, commands and arguments${noScript}`, () => {
    const cases: readonly (readonly [line: string, offered: readonly string[]])[] = [
      ['camflow --track-f', ['--track-file']],
      ['camflow re', ['record', 'replay']],
      ['camflow --track-file /etc p', ['propagate']],
      ['camflow --track-file "/a b" p', ['propagate']],
      ['camflow --track-file /a\\ b:c p', ['propagate']],
      ['camflow --node-filter direct', ['directory']],
      ['camflow --track-user roo', ['root']],
      ['camflow --track-ipv4-egress 1.2.3.4/8:80 p', ['propagate']],
      ['camflow --track-ipv4-egress 1.2.3.4/8:80 ', ['track', 'propagate', 'record', 'delete']],
      ['camflow --track-ipv4-egress 1.2.3.4/8:', []],
      ['camflow --track-ipv6-ingress [::1]/128:80 d', ['delete']],
      ['camflow --track-ipv6-ingress ::/0:80 r', ['record']],
      ['camflow --track-secctx a_u:b_r:c_t:s0-s0:c0.c1023 o', ['opaque']],
      ['true; camflow   --track-secctx  a:b   o', ['opaque']],
    ];
    const [processes, ...offered] = complete('camflow --process 1', ...cases.map(([line]) => line));
    expect(processes).toContain('1');
    expect(offered).toHaveLength(cases.length);
    for (const [at, [line, wanted]] of cases.entries()) expect(offered[at], line).toEqual(wanted);
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

const container = createContainer('camflow');
const manuals = [
  ['camflow', camflowManual(commands)],
  ['camconfd', camconfdManual(camconfdProgram(container))],
  ['camflowd', camflowdManual(camflowdProgram(container))],
] as const;

test.skipIf(noMan !== '').each(manuals)(
  `groff takes the manual of %s without a warning${noMan}`,
  (_, input) => {
    const { status, stderr, stdout } = spawnSync('groff', ['-man', '-Tutf8', '-ww', '-z'], {
      input,
      encoding: 'utf8',
    });
    expect({ status, stderr, stdout }).toEqual({ status: 0, stderr: '', stdout: '' });
  },
);

test('every manual that another one refers to is there', () => {
  const named = manuals.flatMap(([, text]) =>
    [...text.matchAll(/\\fB(\w+)\\f\w\([18]\)/g)].map(([, name]) => name),
  );
  expect([...new Set(named)].sort()).toEqual(manuals.map(([name]) => name).sort());
});

test('the manual of camflowd has every option, and every key of [general]', () => {
  const text = manuals[2][1].replaceAll('\\-', '-');
  for (const word of ['--config', '--set', '--once', ...Object.keys(generalSection.options!.keys)])
    expect(text).toContain(word);
});

test('the program prints them', () => {
  const program = fileURLToPath(new URL('../../../bin/camflow.js', import.meta.url));
  const run = (...args: string[]) => spawnSync(process.execPath, [program, ...args], { encoding: 'utf8' });
  expect(run('completion', 'zsh').stdout).toMatch(/^#compdef camflow\n/);
  expect(run('manual').stdout).toContain('.SH OPTIONS: FILES');
  expect(run('manual', 'camflowd').stdout).toContain('.SH SIGNALS');
  expect(run('manual', 'camflowdd')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('Use camflow, camconfd, camflowd.'),
  });
  expect(run('completion', 'fish')).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('bash or zsh'),
  });
  expect(run()).toMatchObject({ status: 2, stdout: expect.stringContaining('\n--drop\n') });
  const help = run('-h');
  expect(help).toMatchObject({ status: 0, stderr: '', stdout: expect.stringMatching(/^-h\n/) });
  expect(run('--securityfs', '/none', '--help')).toMatchObject({ status: 0, stdout: help.stdout });
  for (const args of [
    ['--json', '-h'],
    ['-h', '--json'],
  ]) {
    const { options, commands } = JSON.parse(run(...args).stdout);
    expect(options.map(({ option }: { option: string }) => option)).toEqual(flags);
    expect(options).toContainEqual({
      option: '--track-file',
      parameters: ['filename', 'false/true/propagate'],
      summary: 'set tracking.',
    });
    expect(commands).toContainEqual({ command: 'manual', summary: expect.any(String) });
  }
});
