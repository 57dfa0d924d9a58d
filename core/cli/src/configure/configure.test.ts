import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CamflowError, isCamflowError } from '@camflow/api';
import {
  type Accounts,
  createSecurityfsControl,
  LabelTable,
  type ProvenanceControl,
  selectorText,
} from '@camflow/kernel';
import { CamflowKernel } from '@camflow/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runControl } from '../control/run-control.ts';
import { type ConfigureContext, configure } from './configure.ts';

const accounts: Accounts = {
  userId: (name) => ({ root: 0, alice: 1000, bob: 1001 })[name],
  groupId: (name) => ({ root: 0, staff: 50 })[name],
  userName: (id) => ({ 0: 'root', 1000: 'alice', 1001: 'bob' })[id],
  groupName: (id) => ({ 0: 'root', 50: 'staff' })[id],
};

let folder: string;
let kernel: CamflowKernel;
let control: ProvenanceControl;
let warnings: string[];
let boot: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'camflow-configure-'));
  for (const name of ['etc', 'run']) mkdirSync(join(folder, name));
  kernel = new CamflowKernel();
  control = createSecurityfsControl({ files: kernel, attribute: kernel.attribute });
  warnings = [];
  boot = 'first';
});
afterEach(() => rmSync(folder, { recursive: true }));

function context(): ConfigureContext {
  return {
    openControl: () => control,
    accounts,
    stateFolder: join(folder, 'state'),
    identity: { etc: join(folder, 'etc'), run: join(folder, 'run'), kernelBoot: boot },
    warn: (text) => void warnings.push(text.replaceAll(folder, '')),
  };
}

async function apply(lines: readonly string[], checkOnly = false) {
  const path = join(folder, 'camflow.ini');
  writeFileSync(path, lines.join('\n'));
  kernel.writes.length = 0;
  warnings = [];
  return configure({ path, environment: {} }, checkOnly, context());
}

async function failure(promise: Promise<unknown>): Promise<string> {
  const error = await promise.catch((reason: unknown) => reason);
  return isCamflowError(error) ? `${error.code} ${error.message}` : 'none';
}

const camflow = (...argv: string[]): string =>
  runControl(argv, {
    open: () => control,
    accounts,
    labels: new LabelTable(join(folder, 'labels')),
    colour: false,
  });

/** Entries of a list. Of addresses the first that matches holds; in the other lists order means nothing. */
function heldIn(name: string): string[] {
  const entries = kernel.lists.get(name)!.map((entry) => entry.toString('hex'));
  return name.startsWith('ipv4') ? entries : entries.sort();
}

/** Everything that the kernel holds. */
const held = (): unknown => [
  [...kernel.contents].map(([name, bytes]) => [name, bytes.toString('hex')]),
  [...kernel.lists.keys()].map((name) => [name, heldIn(name)]),
  [...kernel.fileNodes].map(([path, node]) => [path, node.toString('hex')]),
];

/** Files that exist, so that they can be marked. */
function markedFile(name: string): string {
  const path = join(folder, name);
  writeFileSync(path, '');
  kernel.fileNodes.set(path, Buffer.alloc(256));
  return path;
}

const everything = (file: string): string[] => [
  ...[
    '[provenance]',
    'machine_id=77',
    'enabled=true',
    'all=true',
    'node_filter=envp',
    'relation_filter=read',
  ],
  ...['propagate_node_filter=directory', 'propagate_relation_filter=write'],
  ...['[compression]', 'edge=false', 'duplicate=true', '[file]', `track=${file}`, `opaque=${file}`],
  ...['[ipv4\u2212ingress]', 'track=127.0.0.1/32:80', '[ipv4-egress]', 'record=10.0.0.0/8:0'],
  ...['[user]', 'track=alice', 'opaque=bob', '[group]', 'propagate=staff', '[secctx]', 'opaque=a_u:b_r:c_t'],
  ...['[cgroup]', 'track=4026531835', '[relay]', 'buff_exp=18', 'subuf_nb=4'],
];

describe('applying a file', () => {
  test('tells the kernel all of it, capture last', async () => {
    const file = markedFile('data');
    const { changes, byHand } = await apply(everything(file));
    expect(changes).toEqual([
      `+ file ${file} tracked`,
      `+ file ${file} opaque`,
      ...['+ node_filter=envp', '+ relation_filter=read', '+ propagate_node_filter=directory'],
      ...['+ propagate_relation_filter=write', '+ ipv4-ingress.track=127.0.0.1/32:80'],
      ...[
        '+ ipv4-egress.track=10.0.0.0/8:0',
        '+ ipv4-egress.record=10.0.0.0/8:0',
        '+ secctx.opaque=a_u:b_r:c_t',
      ],
      ...['+ cgroup.track=4026531835', '+ user.track=1000', '+ user.opaque=1001', '+ group.propagate=50'],
      ...['all=true', 'compressEdge=false', 'duplicate=true', 'enabled=true'],
    ]);
    expect(byHand).toEqual([]);
    expect(kernel.writes.at(0)).toEqual({
      file: 'relay_conf',
      bytes: Buffer.from('010000004d0000001200000004000000', 'hex'),
    });
    expect(kernel.writes.at(-1)).toMatchObject({ file: 'enable' });
  });

  test('twice changes nothing the second time', async () => {
    const file = markedFile('data');
    await apply(everything(file));
    const before = held();
    expect(await apply(everything(file))).toEqual({ changes: [], byHand: [] });
    expect(kernel.writes).toEqual([]);
    expect(held()).toEqual(before);
  });

  test('takes back what the file no longer says, and leaves what was set by hand', async () => {
    const file = markedFile('data');
    await apply(everything(file));
    camflow('--track-user', 'root', 'propagate');
    camflow('--track-user', 'alice', 'opaque');
    camflow('--node-filter', 'char', 'true');
    camflow('--opaque-file', file, 'true');
    camflow('--enable-version', 'false');
    const { changes, byHand } = await apply(['[provenance]', 'enabled=true', '[file]', `opaque=${file}`]);
    expect(changes).toEqual([
      `- file ${file} tracked`,
      ...['- node_filter=envp', '- relation_filter=read', '- propagate_node_filter=directory'],
      ...['- propagate_relation_filter=write', '- ipv4-ingress.track=127.0.0.1/32:80'],
      ...[
        '- ipv4-egress.track=10.0.0.0/8:0',
        '- ipv4-egress.record=10.0.0.0/8:0',
        '- secctx.opaque=a_u:b_r:c_t',
      ],
      // What was said of alice by hand is said in place of what the file said.
      ...['- cgroup.track=4026531835', '- user.opaque=1001', '- group.propagate=50'],
      ...['all=false', 'compressEdge=true', 'duplicate=false'],
    ]);
    expect(byHand).toEqual(['node_filter=char', 'user.opaque=1000', 'user.propagate=0', 'version=false']);
    expect(camflow('-s')).toMatch(
      /User filter \(2\)\.\n(root propagate\nalice opaque|alice opaque\nroot propagate)\n/,
    );
    expect(control.files.read(file).marks).toEqual({ tracked: false, opaque: true, propagate: false });
    expect((await apply(['[provenance]', 'enabled=true', '[file]', `opaque=${file}`])).changes).toEqual([]);
  });

  test('marks of files that were set by hand are listed for as long as they are there', async () => {
    const file = markedFile('data');
    const other = markedFile('other');
    const lines = ['[file]', `track=${file}`, `track=${other}`];
    await apply(lines);
    camflow('--opaque-file', file, 'true');
    expect(await apply(lines)).toEqual({ changes: [], byHand: [`file ${file} opaque`] });
    expect((await apply(['[file]'])).changes).toEqual([`- file ${file} tracked`, `- file ${other} tracked`]);
    expect(await apply(['[file]'])).toEqual({ changes: [], byHand: [`file ${file} opaque`] });
    camflow('--opaque-file', file, 'false');
    expect(await apply(['[file]'])).toEqual({ changes: [], byHand: [] });
    expect(JSON.parse(readFileSync(join(folder, 'state', 'applied.json'), 'utf8')).files).toEqual({});
  });

  test.each([1, 20, 21])(
    'so are %i marked files that no line is about, where the kernel lists them',
    async (count) => {
      const file = markedFile('data');
      const plain = control.files;
      const marks = { tracked: true, opaque: false, propagate: true };
      const asked: (readonly string[])[] = [];
      const listOthers = (paths: readonly string[]) => {
        asked.push(paths);
        return Array.from({ length: count }, (_, at) => ({ device: '8:1', inode: BigInt(at + 7), marks }));
      };
      control = {
        ...control,
        files: {
          read: (target) => plain.read(target),
          mark: (target, change) => plain.mark(target, change),
          save: () => ({ files: 0, left: 0 }),
          load: () => ({ files: 0, left: 0 }),
          listOthers,
        },
      };
      const { byHand } = await apply(['[file]', `track=${file}`]);
      expect(asked.at(-1)).toEqual([file]);
      if (count > 20) expect(byHand).toEqual(['21 files that no line is about']);
      else {
        expect(byHand.slice(0, 2)).toEqual([
          'file 7 on device 8:1 tracked',
          'file 7 on device 8:1 propagate',
        ]);
        expect(byHand).toHaveLength(2 * count);
      }
    },
  );

  test.each(['is away', 'cannot be looked at'])(
    'what was said of a file that %s while its line is removed is taken back later',
    async (how) => {
      const file = markedFile('data');
      await apply(['[file]', `track=${file}`]);
      const node = kernel.fileNodes.get(file)!;
      const away = how === 'is away';
      if (away) renameSync(file, `${file}.away`);
      else kernel.fileNodes.delete(file);
      expect((await apply(['[file]'])).changes).toEqual([]);
      expect(warnings).toEqual(away ? [] : [expect.stringMatching(/^\/data cannot be marked/)]);
      if (away) renameSync(`${file}.away`, file);
      else kernel.fileNodes.set(file, node);
      expect((await apply(['[file]'])).changes).toEqual([`- file ${file} tracked`]);
    },
  );

  test('checking changes nothing and leaves nothing behind', async () => {
    const file = markedFile('data');
    const before = held();
    const { changes } = await apply(everything(file), true);
    expect(changes.length).toBe(18);
    expect([kernel.writes, held()]).toEqual([[], before]);
    expect(() => readFileSync(join(folder, 'state', 'applied.json'))).toThrow();
    expect(() => readFileSync(join(folder, 'etc', 'camflow-boot_id'))).toThrow();
  });

  test('a restart of the machine forgets all but the marks of files', async () => {
    const file = markedFile('data');
    await apply(everything(file));
    const { fileNodes } = kernel;
    kernel = new CamflowKernel();
    for (const [path, node] of fileNodes) kernel.fileNodes.set(path, node);
    control = createSecurityfsControl({ files: kernel, attribute: kernel.attribute });
    boot = 'second';
    camflow('--track-user', 'alice', 'track');
    const { changes, byHand } = await apply(['[provenance]', 'enabled=true']);
    expect(changes).toEqual([`- file ${file} tracked`, `- file ${file} opaque`, 'enabled=true']);
    expect(byHand).toEqual(['user.track=1000']);
  });

  test('what is missing has its default, and the relay never gets zero', async () => {
    for (const name of ['version', 'compressNode', 'compressEdge'] as const)
      control.switches.set(name, false);
    control.switches.set('all', true);
    await apply(['[relay]', 'buff_exp=0', 'subuf_nb=0']);
    expect(control.switches.read()).toEqual({
      ...{
        enabled: false,
        all: false,
        version: true,
        compressNode: true,
        compressEdge: true,
        duplicate: false,
      },
    });
    expect(kernel.writes[0]!.bytes.readUInt32LE(8)).toBe(20);
    expect(kernel.writes[0]!.bytes.readUInt32LE(12)).toBe(8);
    expect(warnings).toEqual([
      '/camflow.ini:2: relay.buff_exp: must be an integer from 12 to 30, not "0"; 20 is taken',
      '/camflow.ini:3: relay.subuf_nb: must be an integer from 1 to 1000000, not "0"; 8 is taken',
    ]);
  });
});

describe('rules about addresses that overlap', () => {
  const egress = (): string[] =>
    control.rules.list('ipv4-egress').map((rule) => `${selectorText(rule.selector)} ${rule.bits}`);
  const wide = 'track=10.0.0.0/8:0';
  const narrow = 'propagate=10.1.0.0/16:0';
  const narrowest = 'track=10.1.0.0/16:80';

  test.each([[[wide, narrow, narrowest]], [[narrowest, wide, narrow]], [[narrow, narrowest, wide]]])(
    'stand with the most specific first, whatever the order of the lines: %j',
    async (lines) => {
      await apply(['[ipv4-egress]', ...lines]);
      expect(egress()).toEqual(['10.1.0.0/16:80 1', '10.1.0.0/16:0 5', '10.0.0.0/8:0 1']);
    },
  );

  test('one that is added later comes before those that are less specific, and no other one moves', async () => {
    const elsewhere = 'track=192.168.0.0/16:0';
    await apply(['[ipv4-egress]', wide, elsewhere]);
    const { changes } = await apply(['[ipv4-egress]', wide, elsewhere, narrow]);
    expect(changes).toEqual(['+ ipv4-egress.propagate=10.1.0.0/16:0']);
    expect(egress()).toEqual(['192.168.0.0/16:0 1', '10.1.0.0/16:0 5', '10.0.0.0/8:0 1']);
    expect((await apply(['[ipv4-egress]', narrow, elsewhere, wide])).changes).toEqual([]);
  });

  test('what says more stays where it is, what says less is made anew in its place', async () => {
    await apply(['[ipv4-egress]', wide, narrow]);
    await apply(['[ipv4-egress]', wide, narrow, 'record=10.1.0.0/16:0']);
    expect(egress()).toEqual(['10.1.0.0/16:0 37', '10.0.0.0/8:0 1']);
    expect(kernel.writes.filter(({ file }) => file === 'ipv4_egress')).toHaveLength(1);
    await apply(['[ipv4-egress]', wide, 'track=10.1.0.0/16:0']);
    expect(egress()).toEqual(['10.1.0.0/16:0 1', '10.0.0.0/8:0 1']);
  });
});

describe('all or nothing', () => {
  test('whatever write fails, everything is as it was, and nothing is remembered of it', async () => {
    const file = markedFile('data');
    await apply([
      '[provenance]',
      'enabled=true',
      'node_filter=char',
      '[user]',
      'track=bob',
      'propagate=root',
      '[ipv4-egress]',
      'propagate=10.0.0.0/8:0',
    ]);
    camflow('--track-group', 'root', 'track');
    camflow('--track-ipv4-egress', '10.1.0.0/16:0', 'track');
    const before = held();
    const state = readFileSync(join(folder, 'state', 'applied.json'), 'utf8');
    let failures = 0;
    for (let at = 1; ; at++) {
      kernel.failAt = 0;
      const attempts = kernel.attempts;
      kernel.failAt = attempts + at;
      const outcome = await failure(apply(everything(file)));
      if (outcome === 'none') break;
      failures++;
      expect(outcome, `write ${at}`).toMatch(
        /^SYSTEM_CALL_FAILED Cannot apply .*; everything is as it was before$/s,
      );
      expect(held(), `write ${at}`).toEqual(before);
      expect(readFileSync(join(folder, 'state', 'applied.json'), 'utf8')).toBe(state);
    }
    expect(failures).toBeGreaterThan(15);
  });

  test('where the relay cannot be started, nothing is told and nothing remembered', async () => {
    kernel.failAt = 1;
    expect(await failure(apply(['[provenance]', 'enabled=true']))).toMatch(
      /^SYSTEM_CALL_FAILED .*relay_conf/,
    );
    expect(kernel.writes).toEqual([]);
    expect(readdirSync(join(folder, 'state'))).toEqual([]);
  });

  test('what a failed first run did that lasts is said, and nothing else is left of it', async () => {
    kernel.failAt = 2;
    expect(await failure(apply(['[user]', 'track=alice']))).toMatch(
      /; everything is as it was before, but identifiers and buffers are set until the machine is started anew$/,
    );
    expect(control.rules.list('user')).toEqual([]);
    expect(readdirSync(join(folder, 'state'))).toEqual([]);
  });

  test('what could not be taken back is remembered, and taken back by the next run', async () => {
    const { rules } = control;
    let broken = true;
    control = {
      ...control,
      rules: {
        list: (kind) => rules.list(kind),
        add: (rule) => {
          if (broken && rule.selector.kind === 'group')
            throw new CamflowError('SYSTEM_CALL_FAILED', 'broken');
          rules.add(rule);
        },
        remove: (selector) => {
          if (broken) throw new CamflowError('SYSTEM_CALL_FAILED', 'broken');
          rules.remove(selector);
        },
      },
    };
    const lines = ['[user]', 'track=alice', 'opaque=bob', '[group]', 'track=staff'];
    expect(await failure(apply(lines))).toMatch(
      /"\+ group.track=50": broken; could not be taken back: \+ group.track=50, \+ user.opaque=1001, \+ user.track=1000$/,
    );
    broken = false;
    expect(await apply(['[user]', 'opaque=bob'])).toEqual({ changes: ['- user.track=1000'], byHand: [] });
  });

  test('a rule that was removed on the way, and is not there again, counts as not taken back', async () => {
    await apply(['[ipv4-egress]', 'propagate=10.0.0.0/8:80']);
    const { rules } = control;
    control = {
      ...control,
      rules: {
        list: (kind) => rules.list(kind),
        remove: (selector) => rules.remove(selector),
        add: () => {
          throw new CamflowError('SYSTEM_CALL_FAILED', 'broken');
        },
      },
    };
    expect(await failure(apply(['[ipv4-egress]', 'track=10.0.0.0/8:80']))).toMatch(
      /broken; could not be taken back: - ipv4-egress/,
    );
  });

  test('nothing is written where anything in the file is wrong', async () => {
    const outcome = await failure(
      apply([
        '[provenance]',
        'enabled=true',
        '[user]',
        'track=alice',
        'track=nosuch',
        '[ipv4-egress]',
        'track=1.2.3.4',
      ]),
    );
    expect(outcome.replaceAll(folder, '')).toBe(
      'CONFIG_BAD_VALUE 2 problems:\n' +
        '  /camflow.ini:5: user.track: there is no user "nosuch" on this machine\n' +
        '  /camflow.ini:7: ipv4-egress.track: "1.2.3.4" is not an IPv4 address range: it has not the form ADDRESS/BITS:PORT. ' +
        'Write ADDRESS/BITS:PORT, for example 10.0.0.0/8:443; port 0 stands for every port.',
    );
    expect(kernel.writes).toEqual([]);
  });

  test('IPv6 on a kernel that has none is refused, and nothing is applied', async () => {
    const before = held();
    const lines = [
      ...['[provenance]', 'machine_id=1', 'all=true', 'node_filter=char'],
      ...['[ipv6-egress]', 'track=[::1]/128:80'],
    ];
    for (const checkOnly of [true, false]) {
      expect((await failure(apply(lines, checkOnly))).replaceAll(folder, '')).toMatch(
        /^UNSUPPORTED \/camflow\.ini:6: ipv6-egress: CamFlow 0\.9 has no rules about IPv6/,
      );
    }
    expect(kernel.writes).toEqual([]);
    expect(held()).toEqual(before);
  });

  test('nothing is loaded for what the kernel would refuse', async () => {
    const asked: (boolean | undefined)[] = [];
    const openControl: ConfigureContext['openControl'] = ({ load }) => {
      asked.push(load);
      return control;
    };
    const path = join(folder, 'camflow.ini');
    writeFileSync(path, '[ipv6-egress]\ntrack=[::1]/128:80\n');
    const run = () => configure({ path, environment: {} }, false, { ...context(), openControl });
    await expect(run()).rejects.toThrow(/no rules about IPv6/);
    expect(asked).toEqual([false]);
    writeFileSync(path, '[provenance]\nenabled=true\n');
    await run();
    expect(asked).toEqual([false, false, true]);
  });

  test('everything that the kernel would refuse is told at once, by line', async () => {
    const lines = [
      ...['[cgroup]', 'track=4294967296', '[secctx]', `opaque=${'x'.repeat(4096)}`],
      ...['[relay]', 'buff_exp=30', 'subuf_nb=1000'],
    ];
    expect((await failure(apply(lines, true))).replaceAll(folder, '')).toBe(
      'CONFIG_BAD_VALUE 3 problems:\n' +
        '  /camflow.ini:2: cgroup: 4294967296 is not the inode of a cgroup namespace. CamFlow 0.9 knows no cgroups but their namespaces: give /proc/PID/ns/cgroup, or its inode.\n' +
        '  /camflow.ini:4: secctx: A security context of 4096 bytes is too long. CamFlow takes up to 4095 bytes.\n' +
        '  /camflow.ini: relay: Relay buffers of 2^30 bytes, 1000 of them, are not possible. Take buff_exp=20 and subuf_nb=8, which is 8 MiB per CPU and channel.',
    );
  });
});

describe('identifiers', () => {
  test('are made once, kept, and the start is counted once per boot', async () => {
    const read = (name: string): number => readFileSync(join(folder, 'etc', name)).readUInt32LE();
    await apply(['[provenance]']);
    const machineId = read('camflow-machine_id');
    expect(machineId).toBeGreaterThan(0);
    expect([read('camflow-boot_id'), control.recording.bootId()]).toEqual([1, 1]);
    await apply(['[provenance]']);
    expect(read('camflow-boot_id')).toBe(1);
    boot = 'second';
    kernel = new CamflowKernel();
    control = createSecurityfsControl({ files: kernel, attribute: kernel.attribute });
    await apply(['[provenance]']);
    expect([read('camflow-boot_id'), read('camflow-machine_id')]).toEqual([2, machineId]);
    expect([control.recording.bootId(), control.recording.machineId()]).toEqual([2, machineId]);
  });

  test('that records carry already are kept, and no others are made', async () => {
    control.recording.prepare({ machineId: 4711, bootId: 9, bufferExponent: 20, buffers: 8 });
    await apply(['[provenance]']);
    expect(readFileSync(join(folder, 'etc', 'camflow-machine_id')).readUInt32LE()).toBe(4711);
    expect(readdirSync(join(folder, 'etc'))).toEqual(['camflow-machine_id']);
  });

  test('a file that holds none gets one', async () => {
    writeFileSync(join(folder, 'etc', 'camflow-machine_id'), 'ab');
    await apply(['[provenance]']);
    expect(readFileSync(join(folder, 'etc', 'camflow-machine_id')).length).toBe(4);
  });
});

describe('what a kernel takes once', () => {
  test('is told where the file says something else later', async () => {
    await apply(['[provenance]', 'machine_id=77', '[relay]', 'buff_exp=18']);
    expect(warnings).toEqual([]);
    await apply(['[provenance]', 'machine_id=77', '[relay]', 'buff_exp=18', 'subuf_nb=8']);
    expect(warnings).toEqual([]);
    const later = ['[provenance]', 'machine_id=78', '[relay]', 'buff_exp=20', 'subuf_nb=4'];
    const told = [
      'machine_id=78 does not come into force before the machine is started anew: records carry 77',
      '[relay] does not come into force before the machine is started anew: buffers were made with buff_exp=18 and subuf_nb=8',
    ];
    await apply(later, true);
    expect(warnings).toEqual(told);
    await apply(later);
    // It is not in force by having been told.
    await apply(later);
    expect(warnings).toEqual(told);
    await apply(['[provenance]']);
    expect(warnings).toEqual([]);
  });

  test('so are rings of another size, whoever loaded the programs', async () => {
    const { recording } = control;
    control = {
      ...control,
      backend: 'bpf',
      recording: {
        machineId: () => recording.machineId(),
        bootId: () => recording.bootId(),
        isThere: () => true,
        isPrepared: () => recording.isPrepared(),
        ringBytes: () => 8 << 20,
        version: () => recording.version(),
        prepare: (request) => recording.prepare(request),
        changeEpoch: () => recording.changeEpoch(),
        flush: () => recording.flush(),
        drops: () => recording.drops(),
      },
    };
    await apply(['[relay]', 'buff_exp=20', 'subuf_nb=8']);
    await apply(['[provenance]']);
    expect(warnings).toEqual([]);
    await apply(['[relay]', 'buff_exp=20', 'subuf_nb=4']);
    expect(warnings).toEqual([
      '[relay] does not come into force before `camflow unload` or a restart: each CPU has a ring of 8.0 MiB, not of 4.0 MiB',
    ]);
  });
});

describe('what camflow -c prints', () => {
  test('gives the same policy again, with the same hash', async () => {
    const file = markedFile('data');
    await apply(everything(file));
    // Accounts that are gone have no names any more.
    camflow('--track-user', '4242', 'opaque');
    camflow('--track-group', '4294967295', 'opaque');
    camflow('--track-user', 'root', 'opaque');
    camflow('--track-ipv4-egress', '10.0.0.0/8:0', 'propagate');
    const [text, hash] = [camflow('-c'), camflow('-p')];
    expect(text).toMatch(/^opaque=4242$/m);
    const other = new CamflowKernel();
    control = createSecurityfsControl({ files: other, attribute: other.attribute });
    boot = 'other machine';
    rmSync(join(folder, 'state'), { recursive: true });
    await apply(text.split('\n').reverse().reverse());
    expect(warnings).toEqual([]);
    expect(camflow('-p')).toBe(hash);
    expect(camflow('-c')).toBe(text);
  });
});
