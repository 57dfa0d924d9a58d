import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { isCamflowError } from '@camflow/api';
import { describe, expect, test } from 'vitest';
import { asUser } from './as-user.ts';
import { userAccount } from './user-account.ts';

const built = (name: string): string =>
  fileURLToPath(new URL(`../../dist/process/${name}.js`, import.meta.url));
const notRoot = process.getuid?.() !== 0;
const note = notRoot ? ' (skipped: not root)' : '';
const idsOf = (status: string): (string | undefined)[] =>
  ['Uid', 'Gid', 'Groups'].map((name) => new RegExp(`^${name}:\\s*(.*?)\\s*$`, 'm').exec(status)?.[1]);

/** Runs lines of a module in a process of its own, started by a shell. */
function inShell(shell: string, module: string): string {
  const script = ['--input-type=module', '-e', module];
  const run = spawnSync('bash', ['-c', shell, 'bash', process.execPath, ...script], { encoding: 'utf8' });
  expect(run.stderr).toBe('');
  return run.stdout;
}

describe('users', () => {
  test('are found by name and by number, with their groups', () => {
    const groups = execFileSync('id', ['-G', 'nobody'], { encoding: 'utf8' }).trim().split(' ').map(Number);
    const [, , uid, gid, , home, shell] = execFileSync('getent', ['passwd', 'nobody'], { encoding: 'utf8' })
      .trim()
      .split(':');
    const nobody = { name: 'nobody', uid: Number(uid), gid: Number(gid), groups, home, shell };
    expect(userAccount('nobody')).toEqual(nobody);
    expect(userAccount(Number(uid))).toEqual(nobody);
  });

  test('that are not there are refused, by name', () => {
    for (const wanted of ['no-such-user', 3_999_999_999, 'a\0b']) {
      const error = (() => {
        try {
          return userAccount(wanted);
        } catch (thrown) {
          return thrown;
        }
      })();
      expect(isCamflowError(error) && `${error.code} ${error.message}`).toBe(
        `USAGE There is no user ${wanted}`,
      );
    }
  });
});

describe('acting as another user', () => {
  const user = { name: 'someone', uid: 12_345, gid: 23_456, groups: [23_456, 34_567], home: '/', shell: '' };

  test.skipIf(notRoot)(
    `what is started and made is theirs; afterwards everything is as before${note}`,
    () => {
      const folder = mkdtempSync(path.join(tmpdir(), 'camflow-as-user-'));
      execFileSync('chmod', ['777', folder]);
      try {
        const before = readFileSync('/proc/thread-self/status', 'utf8');
        const status = asUser(user, () => {
          writeFileSync(path.join(folder, 'theirs'), '');
          return execFileSync('cat', ['/proc/self/status'], { encoding: 'utf8' });
        });
        const all = (id: number): string => Array(4).fill(id).join('\t');
        expect(idsOf(status)).toEqual([all(user.uid), all(user.gid), user.groups.join(' ')]);
        expect(/^Cap(?:Eff|Prm):\s*0+$/m.test(status)).toBe(true);
        const { uid, gid } = statSync(path.join(folder, 'theirs'));
        expect({ uid, gid }).toEqual({ uid: user.uid, gid: user.gid });
        const after = readFileSync('/proc/thread-self/status', 'utf8');
        expect(idsOf(after)).toEqual(idsOf(before));
        expect(/^CapEff:.*$/m.exec(after)?.[0]).toBe(/^CapEff:.*$/m.exec(before)?.[0]);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  );

  test.skipIf(notRoot)(`what fails leaves everything as before${note}`, () => {
    const before = idsOf(readFileSync('/proc/thread-self/status', 'utf8'));
    expect(() => asUser(user, () => readFileSync('/etc/shadow'))).toThrow(/EACCES/);
    expect(idsOf(readFileSync('/proc/thread-self/status', 'utf8'))).toEqual(before);
  });
});

describe('what a process was given', () => {
  test('descriptors are told from those of node: files, one end of a pipe, both ends', () => {
    const module = `
      import { inheritedDescriptors } from ${JSON.stringify(built('inherited-descriptors'))};
      console.log(inheritedDescriptors().join(' '));`;
    // What the tests themselves were given.
    const always = inShell('exec "$@"', module).trim().split(' ');
    const given = (shell: string): string[] =>
      inShell(shell, module)
        .trim()
        .split(' ')
        .filter((fd) => !always.includes(fd));
    expect(given('"$@" 3</etc/passwd 12</dev/null')).toEqual(['3', '12']);
    expect(given('exec 40< <(:); "$@"')).toEqual(['40']);
    // As a make with a job server gives them.
    expect(given('exec {p}<> <(:); "$@" 3<&$p 4>&$p {p}>&-')).toEqual(['3', '4']);
  });

  test('the limit of open files is the one before node raised it, and is raised again', () => {
    const module = `
      import { execFileSync } from 'node:child_process';
      import { withCallersFileLimit } from ${JSON.stringify(built('file-limit'))};
      const limit = () => execFileSync('sh', ['-c', 'ulimit -Sn; ulimit -Hn'], { encoding: 'utf8' }).replaceAll('\\n', ' ');
      console.log(withCallersFileLimit(limit) + limit());`;
    expect(inShell('ulimit -Sn 300; ulimit -Hn 900; "$@"; :', module)).toBe('300 900 900 900 \n');
  });
});
