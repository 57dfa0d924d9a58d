import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Accounts, createSecurityfsControl, LabelTable, switchNames } from '@camflow/kernel';
import { CamflowKernel } from '@camflow/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CapturedLayout } from './captured-layout.test.support.ts';
import {
  type CapturedKernel,
  expectedRelay,
  expectedWrites,
  sortedWrites,
} from './expected-writes.test.support.ts';
import { helpText } from './generate/help-text.ts';
import { runControl } from './run-control.ts';

const captures = fileURLToPath(new URL('../../../../../shared/captures/camflow-0.9.0/', import.meta.url));
const reason = existsSync(`${captures}cli-transcripts.tar.xz`)
  ? ''
  : ' (skipped: no captures beside this checkout)';

/** One command of CamFlow's own program, with what it printed and how it ended. */
interface Transcript {
  readonly name: string;
  readonly number: number;
  readonly argv: readonly string[];
  readonly asUser: boolean;
  readonly text: string;
}

const ansi = /\u001b\[\d+m/g;
/** Its names for what our filters hold: those of long records are never listed. */
const neverListed =
  /^((propagate_)?node_filter=)?(string|address|path|xattr|packet_content|argv|envp|machine|disc_\w+)\n/gm;
/** What it prints where it fails; it mostly ends with 0 all the same. */
const failure = /Could not|^Error |must be set|Excepted|^: /m;

function readTranscript(folder: string, name: string): Transcript {
  const [command = '', ...lines] = readFileSync(join(folder, name), 'utf8').split('\n');
  const text = lines
    .join('\n')
    .replace(/rc=\d+\n?$/, '')
    .replace(ansi, '');
  const asUser = command.startsWith('$ su user -c ');
  const argv = command.replace(/^\$ (su user -c )?camflow ?/, '').split(' ');
  return { name, number: Number(name.slice(0, 3)), argv: argv[0] === '' ? [] : argv, asUser, text };
}

const accounts: Accounts = {
  userId: (name) => ({ root: 0, user: 1000 })[name],
  groupId: (name) => ({ root: 0, user: 1000 })[name],
  userName: (id) => ({ 0: 'root', 1000: 'user' })[id],
  groupName: (id) => ({ 0: 'root', 1000: 'user' })[id],
};

const switchFiles = ['all', 'compress_edge', 'compress_node', 'duplicate', 'enable', 'should_version'];
const switchOptions = ['-e', '-a', '--enable-version', '--compress-node', '--compress-edge', '--duplicate'];

/** Every file that the commands of the transcripts write, and the attribute of files. */
const writtenFiles = [
  ...switchFiles,
  ...['', 'propagate_'].flatMap((prefix) =>
    ['node', 'derived', 'generated', 'used', 'informed'].map((name) => `${prefix}${name}_filter`),
  ),
  ...['ipv4_ingress', 'ipv4_egress', 'uid', 'gid', 'ns', 'secctx_filter', 'process', 'xattr', 'epoch'],
].sort();

/** What the captures say of structures and types. */
function knownOfKernel(): CapturedKernel {
  const rows = readFileSync(`${captures}types.txt`, 'utf8')
    .split('\n')
    .map((line) => line.split('\t'));
  return {
    layout: new CapturedLayout(readFileSync(`${captures}layout.txt`, 'utf8')),
    types: new Map(rows.map(([category, , code, name]) => [`${category} ${name}`, BigInt(code ?? 0)])),
    attributes: new Map(),
    accounts: new Map([
      ['root', 0],
      ['user', 1000],
    ]),
  };
}

/** A node as it stood when the transcript was made; flags and taint are what commands made of it since. */
function feedNode(known: Buffer | undefined, identifier: string): Buffer {
  const node = known ?? Buffer.alloc(256);
  node.set(Buffer.from(identifier, 'base64'));
  return node;
}

/** The hash as CamFlow prints it, without the leading zero of a byte. */
function withoutPadding(text: string): string {
  return text.replace(/\b[0-9A-F]{64}\b/, (hash) => hash.replace(/0(.)|(..)/g, '$1$2'));
}

describe(`CamFlow's own transcripts${reason}`, () => {
  let folder = '';
  let transcripts: Transcript[] = [];
  beforeAll(() => {
    if (reason !== '') return;
    folder = mkdtempSync(join(tmpdir(), 'camflow-transcripts-'));
    for (const name of ['cli-transcripts', 'securityfs']) {
      execFileSync('tar', ['-xJf', `${captures}${name}.tar.xz`, '-C', folder]);
    }
    transcripts = readdirSync(join(folder, 'transcripts'))
      .sort()
      .map((name) => readTranscript(join(folder, 'transcripts'), name));
  });
  afterAll(() => {
    if (folder !== '') rmSync(folder, { recursive: true });
  });

  const captured = (state: string, file: string): Buffer => readFileSync(join(folder, state, `${file}.bin`));

  /** What the kernel held then: filters as they are; of lists, the bytes that CamFlow's library defines. */
  function expectState(kernel: CamflowKernel, state: string): void {
    for (const [name, bytes] of kernel.contents) {
      if (!name.endsWith('_filter')) continue;
      expect(bytes.subarray(0, captured(state, name).length), name).toEqual(captured(state, name));
      expect(bytes.subarray(captured(state, name).length).every((byte) => byte === 0)).toBe(true);
    }
    const defined = { uid: [16, 5], gid: [16, 5], ipv4_ingress: [24, 11], ipv4_egress: [24, 11] } as const;
    for (const [name, [size, used]] of Object.entries(defined)) {
      const theirs = captured(state, name);
      const ours = Buffer.concat(kernel.lists.get(name)!);
      expect(ours.length, name).toBe(theirs.length);
      for (let at = 0; at < ours.length; at += size) {
        expect(ours.subarray(at, at + used), `${name} ${at}`).toEqual(theirs.subarray(at, at + used));
      }
    }
    expect(Buffer.concat(kernel.lists.get('ns')!)).toEqual(captured(state, 'ns'));
    for (const name of [...switchFiles, 'written']) {
      expect(kernel.contents.get(name), name).toEqual(captured(state, name));
    }
    for (const name of ['machine_id', 'boot_id']) {
      // The capture ends with the last byte that is not zero.
      const number = Buffer.concat([captured(state, name), Buffer.alloc(4)]).subarray(0, 4);
      expect(kernel.contents.get(name), name).toEqual(number);
    }
    expect(kernel.lists.get('secctx_filter')).toEqual([]);
  }

  test.skipIf(reason !== '')('give the same text and leave the same bytes, listed defects apart', () => {
    const kernel = new CamflowKernel();
    for (const [name, bytes] of kernel.contents) {
      if (existsSync(join(folder, 'sec-before', `${name}.bin`)) && !['self', 'node'].includes(name)) {
        bytes.set(captured('sec-before', name).subarray(0, bytes.length));
      }
    }
    for (const path of ['/host/types.txt']) kernel.withoutAttributes.add(path);
    const labels = new LabelTable(join(folder, 'labels'));
    const control = createSecurityfsControl({ files: kernel, attribute: kernel.attribute });
    const known = knownOfKernel();
    const { layout } = known;
    const written = new Set<string>();
    let [compared, failed] = [0, 0];
    for (const { name, number, argv, asUser, text } of transcripts) {
      kernel.writes.length = 0;
      if (name.includes('camconfd') && number === 9) {
        control.recording.prepare({ machineId: 1_234_567, bootId: 1, bufferExponent: 20, buffers: 8 });
        const numbers = { boot_id: 1, machine_id: 1_234_567, buff_exp: 20, subuf_nb: 8 };
        expect(kernel.writes.splice(0)).toEqual([expectedRelay(layout, numbers)]);
        kernel.contents.set('written', Buffer.from('1\0'));
      }
      if (name.includes('camconfd')) {
        for (const each of switchNames) control.switches.set(each, each !== 'duplicate');
        const said = switchOptions.flatMap((option) =>
          expectedWrites([option, String(option !== '--duplicate')], known),
        );
        expect(sortedWrites(kernel.writes)).toEqual(sortedWrites(said));
      }
      if (!/^\d+-(su_user_-c_)?camflow/.test(name) || argv.length === 0) continue;
      const [option = '', subject = ''] = argv;
      const identifier = /^Identifier: (\S+)/.exec(text)?.[1];
      if (identifier !== undefined && option === '--file') {
        kernel.fileNodes.set(subject, feedNode(kernel.fileNodes.get(subject), identifier));
      } else if (identifier !== undefined) {
        kernel.processNodes.set(
          Number(subject),
          feedNode(kernel.processNodes.get(Number(subject)), identifier),
        );
      } else if (/^--(track|opaque)-file/.test(option) && !kernel.fileNodes.has(subject)) {
        // Shown for the first time only afterwards.
        kernel.fileNodes.set(subject, Buffer.alloc(256));
      }
      kernel.isRoot = !asUser;
      kernel.writes.length = 0;
      // CamFlow shifts 32-bit numbers: of bit 40 it makes bit 8.
      const words = number === 32 ? [option, subject, '8'] : argv;
      // What is to be written hangs on what stands there before.
      const attributes = new Map([...kernel.fileNodes].map(([path, node]) => [path, Buffer.from(node)]));
      let answer: string;
      try {
        const run = { open: () => control, accounts, labels, colour: false };
        answer = runControl(words, run);
      } catch (error) {
        failed++;
        expect(
          text === '' || failure.test(text) || /^(--bogus|-h)$/.test(option) || number === 128,
          name,
        ).toBe(true);
        expect((error as Error).message, name).toMatch(/^[^\n]+$/);
        expect(kernel.writes, name).toEqual([]);
        // CamFlow says that there is no bit 64, and then sets bit 0.
        if (number === 36) kernel.fileNodes.get(subject)![56]! |= 1;
        continue;
      }
      expect(text, name).not.toMatch(failure);
      if (option === '-v') {
        expect(answer.split('\n').slice(0, 2)).toEqual(text.split('\n').slice(0, 2));
        continue;
      }
      compared++;
      const hasRules = [...kernel.lists.values()].some((list) => list.length > 0);
      const hash = /^(Policy hash: )?[0-9A-F]{50,64}$/m;
      const [ours, theirs] = [answer, text]
        .map((each) => withoutPadding(each.replace(neverListed, '')))
        // With rules CamFlow hashes uninitialised memory.
        .map((each) => (hasRules ? each.replace(hash, '') : each));
      const expected = theirs!.replace('duplicate=true;', 'duplicate=true');
      if (option === '-c') {
        // Sections that it leaves out, without which its own output cannot be used.
        expect(ours!.replace(/\n\[cgroup\][^[]*/, '\n').replace(/\n\[relay\][^[]*/, ''), name).toBe(expected);
      } else expect(ours, name).toBe(expected);
      const expectedBytes = expectedWrites(words, { ...known, attributes });
      expect(sortedWrites(kernel.writes), name).toEqual(expectedBytes);
      for (const { file } of kernel.writes) written.add(file.replace(/ .*/, ''));
      if (number === 112) expectState(kernel, 'sec-filters');
      if (number === 114) expectState(kernel, 'sec-after');
    }
    expect({ compared, failed }).toEqual({ compared: 109, failed: 22 });
    expect([...written].sort()).toEqual(writtenFiles);
  });

  test.skipIf(reason !== '')('explain every option of CamFlow in its words', () => {
    const theirs = transcripts.find(({ number }) => number === 2)!.text;
    const ours = `\n${helpText([], false)}`;
    for (const block of theirs.trim().split('\n\n')) expect(ours).toContain(`\n${block}\n`);
  });
});
