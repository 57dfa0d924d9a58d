import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSecurityfsControl, LabelTable, openControl, systemAccounts } from '@camflow/kernel';
import { CamflowKernel } from '@camflow/testkit';
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createContainer } from '../composition/container.ts';
import { tokens } from '../composition/tokens.ts';
import { controlOptions } from '../control/option-table.ts';
import { runCamconfd } from './camconfd-program.ts';
import { runCamflow } from './camflow-program.ts';
import { runCamflowd } from './camflowd-program.ts';

const folder = mkdtempSync(join(tmpdir(), 'camflow-bad-input-'));
afterAll(() => rmSync(folder, { recursive: true }));

let kernel: CamflowKernel;
let said = '';
let errors = '';

beforeEach(() => {
  kernel = new CamflowKernel();
  kernel.fileNodes.set('/f', Buffer.alloc(256));
  kernel.processNodes.set(1, Buffer.alloc(256));
  [said, errors] = ['', ''];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said += String(text);
    return true;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    errors += String(text);
    return true;
  });
});
afterEach(() => void vi.restoreAllMocks());

function container(program: string) {
  const own = createContainer(program);
  const set = (key: unknown, value: unknown): void => void own.register(key as string, { useValue: value });
  const control = createSecurityfsControl({ files: kernel, attribute: kernel.attribute });
  set(tokens.openControl.key, () => control);
  set(tokens.labels.key, new LabelTable(join(folder, 'labels')));
  const places = { etc: folder, run: folder, kernelBoot: 'boot' };
  set(tokens.places.key, { stateFolder: join(folder, 'state'), identity: places });
  return own;
}

/** What every failure has in common: one sentence on standard error, no stack, nothing changed. */
function expectFailure(status: number, wanted: number, message: RegExp | string): void {
  expect({ status, errors }).toEqual({ status: wanted, errors: expect.stringMatching(message) });
  expect(errors).not.toMatch(/^ +at |node:internal|\.ts:\d|undefined|\[object/m);
  expect(errors.endsWith('\n')).toBe(true);
  expect(kernel.writes).toEqual([]);
}

const long = 'x'.repeat(5000);
const badArguments: readonly (readonly [argv: readonly string[], message: string | RegExp])[] = [
  // Booleans.
  ...['-e', '-a', '--enable-version', '--compress-node', '--compress-edge', '--duplicate'].flatMap((flag) =>
    ['maybe', '', '1', 'TRUE', 'true;'].map((text) => [[flag, text], 'is not a boolean. '] as const),
  ),
  [['-e', 'treu'], /Did you mean true\?/],
  // Files.
  [['--file', ''], 'is not a path'],
  [['--file', '/none'], 'ENOENT'],
  [['--file', 'a\0b'], 'is not a path'],
  [['--file', long], 'is not a path'],
  [['--track-file', '/none', 'true'], 'ENOENT'],
  [['--track-file', '/f', 'propogate'], /Did you mean propagate\?/],
  [['--track-file', '/f', ''], 'is not a way to track'],
  [['--track-file', '/f', 'True'], /Did you mean true\?/],
  [['--taint-file', '/f', '64'], '0 to 63'],
  [['--taint-file', '/f', '-1'], '0 to 63'],
  [['--taint-file', '/f', '1.5'], '0 to 63'],
  [['--taint-file', '/f', '0x1'], '0 to 63'],
  [['--taint-file', '/f', ' 1'], '0 to 63'],
  [['--taint-file', '/f', '99999999999999999999'], '0 to 63'],
  [['--taint-file', '/none', '1'], 'ENOENT'],
  [['--label-file', '/f', ''], 'is not a label'],
  [['--label-file', '/f', 'a\nb'], 'is not a label'],
  [['--label-file', '/f', ' a'], 'is not a label'],
  [['--label-file', '/f', 'x'.repeat(256)], 'is not a label'],
  [['--label-file', '/f', 'a\ufffdb'], 'is not a label'],
  [['--label-file', '/none', 'secret'], 'ENOENT'],
  [['--opaque-file', '/f', 'yes'], 'is not a boolean'],
  [['--opaque-file', '/none', 'true'], 'ENOENT'],
  // Processes.
  ...['0', '-1', 'init', '', '1e3', '4194305', '99999999999', '1 '].map(
    (pid) => [['--process', pid], 'whole number from 1 to 4194304'] as const,
  ),
  [['--process', '99999'], 'There is no process 99999'],
  [['--track-process', '99999', 'true'], 'There is no process 99999'],
  [['--track-process', '1', 'sometimes'], 'is not a way to track'],
  [['--taint-process', '1', '64'], '0 to 63'],
  [['--taint-process', '99999', '1'], 'There is no process'],
  [['--label-process', '99999', 'secret'], 'There is no process'],
  [['--label-process', '1', 'tab\tbed'], 'is not a label'],
  [['--opaque-process', '1', 'no'], 'is not a boolean'],
  // Addresses.
  ...['bad', '1.2.3.4', '1.2.3.4/8', '1.2.3.4:80', '1.2.3.4/33:80', '1.2.3.256/8:80', '1.2.3/8:80'].flatMap(
    (text) =>
      ['ingress', 'egress'].map(
        (way) => [[`--track-ipv4-${way}`, text, 'track'], 'is not an IPv4 address range'] as const,
      ),
  ),
  ...[
    '1.2.3.4/8:65536',
    '1.2.3.4/8:-1',
    '1.2.3.4/8:http',
    '1.2.3.4/-1:80',
    '::1/128:80',
    '',
    '1.2.3.4/8:80 ',
  ].map((text) => [['--track-ipv4-egress', text, 'track'], 'is not an IPv4 address range'] as const),
  ...[
    '::1',
    '::1/129:80',
    '::1/128:70000',
    'fe80::1%lo/64:80',
    '10.0.0.1/8:80',
    ':::/0:0',
    '[::1/128:80',
  ].map((text) => [['--track-ipv6-ingress', text, 'track'], 'is not an IPv6 address range'] as const),
  [['--track-ipv4-egress', '1.2.3.4/8:80', 'trak'], /Did you mean track\?/],
  [['--track-ipv4-egress', '1.2.3.4/8:80', 'opaque'], 'Use track, propagate, record, delete'],
  [['--track-ipv6-egress', '::1/128:80', 'remove'], 'Use track, propagate, record, delete'],
  // Identities.
  [['--track-secctx', '', 'track'], 'is not a security context'],
  [['--track-secctx', 'a\nb', 'track'], 'is not a security context'],
  [['--track-secctx', long, 'track'], 'is too long'],
  [['--track-secctx', 'a_u:b_r', 'record'], 'is not something to do'],
  ...['0', '-1', 'system.slice', '', '1.5', '0xg', '99999999999999999999'].map(
    (text) => [['--track-cgroup', text, 'track'], 'is not a cgroup'] as const,
  ),
  [['--track-cgroup', '/none', 'track'], 'There is no cgroup at /none'],
  [['--track-cgroup', '/etc', 'track'], 'is not the folder of a cgroup'],
  [['--track-cgroup', '4294967296', 'track'], 'is not the inode of a cgroup namespace'],
  [['--track-cgroup', '5', 'track'], 'is not the inode of a cgroup namespace'],
  [['--track-cgroup', '/proc/self/ns/uts', 'track'], 'is not the folder of a cgroup'],
  [['--track-cgroup', '1', 'opaque'], 'Use track, propagate, delete'],
  [['--track-user', 'no-such-user', 'track'], 'There is no user "no-such-user"'],
  [['--track-user', '', 'track'], 'There is no user ""'],
  [['--track-user', 'roott', 'track'], /Did you mean root\?/],
  [['--track-user', '4294967296', 'track'], 'There is no user'],
  [['--track-user', 'root', 'tracked'], /Did you mean track\?/],
  [['--track-group', 'no-such-group', 'track'], 'There is no group'],
  [['--track-group', 'root', 'hide'], 'is not something to do'],
  // Types.
  ...['--node-filter', '--node-propagate-filter'].flatMap((flag) => [
    [[flag, 'directroy', 'true'], /Did you mean directory\?/] as const,
    [[flag, 'string', 'true'], 'is not a node type'] as const,
    [[flag, 'unknown', 'true'], 'is not a node type'] as const,
    [[flag, 'read', 'true'], 'is not a node type'] as const,
    [[flag, '', 'true'], 'is not a node type'] as const,
    [[flag, 'file', 'on'], 'is not a boolean'] as const,
  ]),
  ...['--edge-filter', '--edge-propagate-filter'].flatMap((flag) => [
    [[flag, 'reed', 'true'], /Did you mean read\?/] as const,
    [[flag, 'ran_on', 'true'], 'cannot be filtered|can be filtered'] as const,
    [[flag, 'load_module', 'true'], 'can be filtered'] as const,
    [[flag, 'unknown', 'true'], 'can be filtered'] as const,
    [[flag, 'directory', 'true'], 'can be filtered'] as const,
    [[flag, 'read', 'off'], 'is not a boolean'] as const,
  ]),
  // The command line as a whole.
  [['--bogus'], 'There is no option --bogus'],
  [['--track-fil', '/f', 'true'], /Did you mean --track-file\?/],
  [['--json'], 'Say what to do'],
  [['--securityfs'], '--securityfs needs <folder>'],
  [['-s', '--securityfs', ''], '--securityfs needs <folder>'],
  [['-z'], 'There is no option -z'],
  [['--'], 'There is no option --'],
  [[`--${long}`], 'There is no option'],
  [['--channel'], '--channel'],
  [['-s', '--channel'], '--channel needs <channel>'],
  [['-s', '--channel', '../x'], 'is not the name of a channel'],
  [['-s', '--channel', 'a', '--channel', 'b'], 'one channel at a time'],
  [['--channel', 'a b'], 'is not the name of a channel'],
  [['--channel', '../x'], 'is not the name of a channel'],
];

describe('camflow refuses', () => {
  test.each(
    badArguments.map(
      ([argv, message]) => [argv.map((word) => word.slice(0, 60)).join(' '), argv, message] as const,
    ),
  )('%j', async (_, argv, message) => {
    const status = await runCamflow(argv, container('camflow'));
    expectFailure(
      status,
      /ENOENT|no process|inode of a cgroup|too long/.test(String(message)) ? status : 2,
      message,
    );
    expect(status).toBeGreaterThan(0);
    expect(errors.match(/\n/g)).toHaveLength(1);
    expect(said).toBe('');
  });

  test.each(
    controlOptions.flatMap(({ flag, parameters }) => [
      ...parameters.map((_, given) => [flag, given, parameters.length] as const),
      [flag, parameters.length + 1, parameters.length] as const,
    ]),
  )('%s with %i of %i arguments', async (flag, given) => {
    const status = await runCamflow([flag, ...new Array<string>(given).fill('1')], container('camflow'));
    expectFailure(status, 2, /needs <|does not take|is not|There is no/);
  });

  const settings = [
    ...[
      ['-e', 'true'],
      ['-a', 'true'],
      ['--enable-version', 'false'],
      ['--compress-node', 'false'],
    ],
    ...[
      ['--track-user', 'root', 'track'],
      ['--track-group', 'root', 'opaque'],
      ['--track-cgroup', '4026531835', 'track'],
    ],
    ...[
      ['--track-secctx', 'a', 'track'],
      ['--track-ipv4-egress', '0.0.0.0/0:0', 'track'],
      ['--change-epoch'],
    ],
    ...[['--node-filter', 'file', 'true'], ['--edge-filter', 'read', 'false'], ['--reset-filter']],
    ...[
      ['--track-process', '1', 'true'],
      ['--taint-process', '1', '3'],
    ],
  ];
  test.each(settings.map((argv) => [argv.join(' '), argv] as const))(
    '%s without privilege',
    async (_, argv) => {
      kernel.isRoot = false;
      const status = await runCamflow(argv, container('camflow'));
      expectFailure(status, 4, /refused/);
    },
  );

  test.each([
    ['--track-ipv6-ingress', '::1/128:80', 'track'],
    ['--track-ipv6-egress', '::1/128:80', 'delete'],
  ])('%s %s where the kernel has none', async (...argv) => {
    const status = await runCamflow(
      argv.filter((word) => word !== undefined),
      container('camflow'),
    );
    expectFailure(status, 4, /CamFlow/);
  });

  test.each([
    [['--channel', 'mine']],
    [['--channel', 'mine', '-s']],
    [['--track-user', 'root', 'track', '--channel', 'mine']],
  ])('%j on a CamFlow kernel', async (argv) => {
    const own = container('camflow');
    own.register(tokens.openControl.key as string, { useValue: openControl });
    const status = await runCamflow([...argv, '--securityfs', folder], own);
    expectFailure(status, 4, /There is no channel mine on a CamFlow kernel, .* since 0\.8\. /);
  });

  test('the 65th label, and nothing is changed', async () => {
    const table = join(folder, 'labels');
    writeFileSync(table, Array.from({ length: 64 }, (_, bit) => `label ${bit}\n`).join(''));
    const status = await runCamflow(['--label-file', '/f', 'one more'], container('camflow'));
    rmSync(table);
    expectFailure(status, 2, /There is no bit left for the label "one more"/);
  });

  test('a folder of control files that is not there', async () => {
    const own = container('camflow');
    own.register(tokens.openControl.key as string, { useValue: openControl });
    const status = await runCamflow(['-s', '--securityfs', join(folder, 'none')], own);
    expectFailure(status, 4, /none does not exist/);
    expect(systemAccounts.userName(0)).toBe('root');
  });
});

const badLines: readonly (readonly [lines: string, message: string | RegExp])[] = [
  ['[provenance]\nmachine_id=4294967296', 'from 0 to 4294967295'],
  ['[provenance]\nmachine_id=-1', 'from 0 to 4294967295'],
  ['[provenance]\nmachine_id=1x', 'from 0 to 4294967295'],
  ['[provenance]\nrelation_filter=reed', /did you mean read\?/],
  ['[provenance]\nrelation_filter=ran_on', 'can be filtered'],
  ['[provenance]\nrelation_filter=load_module', 'can be filtered'],
  ['[provenance]\nrelation_filter=', 'can be filtered'],
  ['[provenance]\npropagate_relation_filter=file', 'can be filtered'],
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what a file may hold
  ['[user]\ntrack=${env:NO_SUCH_NAME}', 'NO_SUCH_NAME'],
  ['[user]\ntrack=no-such-user', 'there is no user'],
  ['[user]\ntrack=4294967296', 'there is no user'],
  ['[user]\ntrack=', 'must not be empty'],
  ['[group]\nopaque=no-such-group', 'there is no group'],
  ['[group]\npropagate=', 'must not be empty'],
  ['[secctx]\ntrack=', 'must not be empty'],
  ['[cgroup]\ntrack=abc', 'neither the path nor the number'],
  ['[cgroup]\ntrack=0', 'neither the path nor the number'],
  ['[cgroup]\ntrack=/none', 'There is no cgroup at /none'],
  ['[cgroup]\npropagate=/etc', 'not the folder of a cgroup'],
  ...['1.2.3.4', '1.2.3.4/8', '1.2.3.4/33:1', '300.1.1.1/8:1', '1.2.3.4/8:65536', 'any', ''].map(
    (text) => [`[ipv4\u2212egress]\ntrack=${text}`, 'is not an IPv4 address range'] as const,
  ),
  ...['::1', '::1/129:1', '::g/8:1', '1.2.3.4/8:1', 'fe80::1%lo/64:1', ''].map(
    (text) => [`[ipv6-ingress]\nrecord=${text}`, 'is not an IPv6 address range'] as const,
  ),
  ['[relay]\nbuff_exp=31', 'from 12 to 30'],
  ['[relay]\nbuff_exp=99999999999999999999', 'from 12 to 30'],
  ['[relay]\nsubuf_nb=1000001', 'from 1 to 1000000'],
  ['[relay]\nbuff_exp=30\nsubuf_nb=1000', 'are not possible'],
  ['[ipv6-egress]\ntrack=::1/128:80', 'no rules about IPv6'],
  ['[cgroup]\ntrack=4294967296', 'cgroup namespace'],
  ['[cgroup]\ntrack=5', 'cgroup namespace'],
  ['[cgroup]\ntrack=/proc/self/ns/uts', 'not the folder of a cgroup'],
  [`[secctx]\ntrack=${long}`, 'is too long'],
];

/** What CamFlow passes over in silence. */
const tolerated: readonly string[] = [
  '[provenance]\nenabled=yes',
  '[provenance]\nnode_filter=direktory',
  '[provenance]\nmachine_id=none',
  '[relay]\nsubuf_nb=0',
  '[compression]\nduplicate=true;',
  '[unknown]\nkey=1',
  'foo\n[provenance]\nenabled=false',
  '[provenance]\n[compression\nenabled=false',
  '[provenance]\nenabled',
  '[provenance]\n=true',
  '[provenance]\nen abled=true',
  '[file]\ntrack=',
  '[file]\nopaque=',
  '[file]\npropagate=',
];

describe('camflow config check', () => {
  const path = join(folder, 'checked.ini');
  const check = (...args: string[]): Promise<number> =>
    runCamflow(['config', 'check', ...args], container('camflow'));

  test.each(tolerated)('passes over what camconfd does, and says so: %j', async (lines) => {
    writeFileSync(path, `${lines}\n`);
    const applied = await runCamconfd(['--config', path, '--check'], container('camconfd'));
    expect({ applied, checked: await check(path) }).toEqual({ applied: 0, checked: 0 });
    const warning = /^camconfd: warning: (.*)$/m.exec(errors)![1]!;
    expect(said).toContain(`warning: ${warning}\n`);
    expect(said).toContain('0 errors, 1 warning');
    expect(await check('--strict', path)).toBe(2);
    expect(said).toContain('1 error, 0 warnings');
  });

  test('refuses what camconfd does, in its words', async () => {
    writeFileSync(path, '[ipv4-egress]\ntrack=1.2.3.4\n');
    const applied = await runCamconfd(['--config', path], container('camconfd'));
    expect({ applied, checked: await check(path) }).toEqual({ applied: 2, checked: 2 });
    expect(said).toContain(`error: ${errors.replace('camconfd: ', '').trim()}\n`);
  });
});

describe('camconfd refuses', () => {
  const path = join(folder, 'camflow.ini');

  test.each(badLines.map(([lines, message]) => [lines.slice(0, 80), lines, message] as const))(
    '%j',
    async (_, lines, message) => {
      writeFileSync(path, `${lines}\n`);
      const status = await runCamconfd(['--config', path], container('camconfd'));
      expect(status).toBeGreaterThan(0);
      expectFailure(status, status, message);
      expect([...kernel.lists.values()].flat()).toEqual([]);
      expect(existsSync(join(folder, 'state'))).toBe(false);
      const said = errors;
      errors = '';
      // A check does not promise what the kernel would refuse.
      expect(await runCamconfd(['--config', path, '--check'], container('camconfd'))).toBe(status);
      expect(errors).toBe(said);
    },
  );

  test.each([
    ['a file that is not there', ['--config', join(folder, 'none.ini')], 2, 'none.ini'],
    ['a folder', ['--config', folder], 2, 'not a regular file'],
    ['an option that there is not', ['--chekc'], 2, /unknown option.*--check/s],
    ['an argument', ['now'], 2, 'too many arguments'],
    ['--config without a file', ['--config'], 2, 'argument missing'],
    ['--securityfs without --state', ['--securityfs', folder], 2, 'Name a folder for it with --state'],
    ['no name of a channel', ['--channel', '../x'], 2, 'is not the name of a channel'],
    ['a channel without a file', ['--channel', 'mine'], 2, 'There is no /etc/camflow-mine.ini'],
    ['--capture without --check', ['--capture', 'x'], 2, 'Add --check'],
    [
      'a capture that is not there',
      ['--config', path, '--check', '--capture', join(folder, 'none')],
      4,
      'does not exist',
    ],
    ['a capture that is none', ['--config', path, '--check', '--capture', path], 4, 'not a capture file'],
  ] as const)('%s', async (_, argv, wanted, message) => {
    writeFileSync(path, '[provenance]\nenabled=true\n');
    expectFailure(await runCamconfd([...argv], container('camconfd')), wanted, message);
  });

  test.each([
    ['not UTF-8', Buffer.from('[user]\ntrack=\xff\xfe\n', 'latin1'), 'not UTF-8'],
    ['UTF-16', Buffer.from('[user]\n', 'utf16le'), 'not UTF-8'],
    ['NULs', Buffer.from('[user]\ntrack=a\0b\n'), 'not UTF-8'],
    ['too large', Buffer.alloc(2 << 20, ';'), 'larger than'],
  ])('a file that is %s', async (_, bytes, message) => {
    writeFileSync(path, bytes);
    expectFailure(await runCamconfd(['--config', path], container('camconfd')), 2, message);
  });

  test('missing privilege', async () => {
    kernel.isRoot = false;
    writeFileSync(path, '[provenance]\nenabled=true\n[user]\ntrack=root\n');
    kernel.contents.set('boot_id', Buffer.from([1, 0, 0, 0]));
    expectFailure(
      await runCamconfd(['--config', path], container('camconfd')),
      4,
      'everything is as it was before',
    );
  });

  test('a state file that is damaged', async () => {
    writeFileSync(path, '[provenance]\nenabled=true\n');
    mkdirSync(join(folder, 'state'), { recursive: true });
    for (const text of [
      '{',
      '{"version":2}',
      '[]',
      '{"version":1,"kernelBoot":"x","rules":[{"kind":"no"}]}',
    ]) {
      writeFileSync(join(folder, 'state', 'applied.json'), text);
      errors = '';
      expectFailure(
        await runCamconfd(['--config', path], container('camconfd')),
        2,
        'applied.json is damaged',
      );
    }
    rmSync(join(folder, 'state'), { recursive: true });
  });
});

const badRecorder: readonly (readonly [lines: string, message: string | RegExp])[] = [
  ['[general]\noutput=nul', /did you mean null\?/i],
  ['[general]\noutput=', ''],
  ['[general]\nformat=w3d', /w3c/],
  ['[general]\nsource=kernle', /kernel/],
  ['[general]\npolicy=camflwo', /camflow/],
  ['[general]\nworkers=many', 'workers'],
  ['[general]\nworkers=-1', 'workers'],
  ['[general]\npolicy=camflow\noutput=null\n[camflow]\npath=relative.ini', 'absolute'],
  [`[general]\npolicy=camflow\noutput=null\n[camflow]\npath=${join(folder, 'no.ini')}`, 'does not exist'],
  ['[general]\npolicy=filter\noutput=null\n[filter]\nnode_filter=direktory', /directory/],
  ['[general]\noutput=mqtt\n[mqtt]\nqos=3\naddress=localhost', 'qos'],
  ['[general]\noutput=null\n[kernel]\nbackend=ebpf', 'bpf'],
  ['[general]\noutput=null\n[kernel]\nring_mib=3', 'power of two'],
  ['[general]\noutput=null\n[kernel]\npoll_ms=0', 'poll_ms'],
  ['[general', 'closing'],
  ['[general]\nnonsense', 'neither a'],
];

describe('camflowd refuses', () => {
  const path = join(folder, 'camflowd.ini');
  test.each(badRecorder)('%j', async (lines, message) => {
    const source = lines.includes('source=') || lines.includes('[kernel]') ? '' : 'source=replay\n';
    const replayed = lines.startsWith('[general]\n') ? lines.replace('\n', `\n${source}`) : lines;
    writeFileSync(path, `${replayed}\n[replay]\npath=${join(folder, 'none')}\n`);
    const status = await runCamflowd(['--config', path, '--once']);
    expect(status).toBeGreaterThan(0);
    expectFailure(status, status, message);
  });

  test.each([
    ['a file that is not there', ['--config', join(folder, 'none.ini')]],
    ['--set without a value', ['--set', 'general.output']],
    ['--set without a section', ['--set', 'output=null']],
    ['an unknown option', ['--onec']],
    ['an argument', ['now']],
  ])('%s', async (_, argv) => {
    const status = await runCamflowd(argv);
    expectFailure(status, 2, /./);
  });
});
