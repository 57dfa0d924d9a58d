import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { repositoryRoot } from '../structure/workspace.ts';

// Terminals wait for what is typed: some ten seconds on a quiet machine.
vi.setConfig({ testTimeout: 300_000 });

const runner = path.join(repositoryRoot, 'tests/fixtures/command/run.js');
const terminal = path.join(repositoryRoot, 'tests/fixtures/guest/terminal.py');
const noPython = spawnSync('python3', ['--version']).status !== 0;
const noTerminal = noPython && process.env['CAMFLOW_TEST_SYSTEM'] !== '1';
const terminalNote = noTerminal ? ' (skipped: no python3)' : '';
const notRoot = process.getuid?.() !== 0;
const rootNote = notRoot ? ' (skipped: not root)' : '';

/** Runs a script of bash in which `$run` runs a command as `camflow record` does, or, with nothing in it, as it is. */
function inShell(script: string, run: string, more: NodeJS.ProcessEnv = {}) {
  const environment = { ...process.env, ...more, run };
  return spawnSync('bash', ['-c', script], { env: environment, encoding: 'utf8' });
}
const asRecorded = `${process.execPath} ${runner}`;

describe('a command that is run for a recording', () => {
  test('finds what it would find without: mask, limits, descriptors, folder, environment', () => {
    const script = `umask 027; ulimit -Sn 333; cd /usr
      exec 250>&- 251>&- 252>&- 253>&-
      $run sh -c 'umask; ulimit -Sn; ulimit -Hn; pwd; cat <&3; cat <&9; env | grep -v "^_=\\|^run=\\|^SHLVL=" | sort
        cut -d" " -f 5,6 /proc/self/stat; grep "^Sig[BI]" /proc/self/status; ls /proc/self/fd | wc -l' 3< <(echo three) 9</etc/hostname`;
    const [alone, recorded] = [inShell(script, ''), inShell(script, asRecorded)];
    expect(recorded.stderr).toBe('');
    // The process group and session are those of the shell, whatever their numbers.
    const withoutNumbers = (text: string): string => text.replaceAll(/^\d{2,} \d{2,}$/gm, 'group session');
    expect(withoutNumbers(recorded.stdout)).toBe(withoutNumbers(alone.stdout));
    expect(recorded.stdout).toContain('three\n');
    expect(recorded.stdout).toContain('\n333\n');
  });

  test.for(['', '--no-warnings --max-old-space-size=512'])(
    'is given bytes that are no text as they are, and all else as ever; options of node: "%s"',
    (options) => {
      const script = String.raw`
        cd "$(mktemp -d)"; umask 027; ulimit -Sn 333; exec 250>&- 251>&- 252>&- 253>&-
        echo found > $'in\xff'; export VALUE=$'\xfe\xed' OTHER=ö
        $run sh -c 'umask; ulimit -Sn; pwd | wc -l; cat "$1"; cat <&3; printf "%s|" "$@" | od -An -c
          tr "\0" "\n" < /proc/$$/environ | grep -av "^_=\|^run=\|^SHLVL=\|^PWD=\|^OLDPWD=" | sort | od -c
          cut -d" " -f 5,6 /proc/self/stat | wc -w; grep "^Sig[BI]" /proc/self/status; ls /proc/self/fd | wc -l' \
          sh $'in\xff' '' $'\xc3' ä $'new\nline' 3< <(echo three)
        rm in*; rmdir "$PWD"`;
      const [alone, recorded] = ['', `${process.execPath} ${options} ${runner}`].map((run) =>
        inShell(script, run),
      );
      expect(recorded!.stderr).toBe('');
      // The C library has two signals for itself, and what it starts ignores them until its own C library wants them.
      const stdout = recorded!.stdout.replace(/^(SigIgn:\s+0{7})[123]/m, '$10');
      expect(stdout).toBe(alone!.stdout);
      expect(recorded!.stdout).toMatch(/^0027\n333\n1\nfound\nthree\n +i +n 377 /);
    },
  );

  test('ends with its own status also where it is given such bytes, and gets signals', () => {
    const odd = String.raw`$'\xff'`;
    const ended = (command: string) => inShell(`$run ${command} ${odd}; echo $?`, asRecorded).stdout;
    expect(ended(`sh -c 'exit 7'`)).toBe('7\n');
    expect(ended(`sh -c 'kill -TERM $$'`)).toBe('143\n');
    expect(
      ended(`sh -c 'trap "echo got; exit 9" TERM; kill -TERM $PPID; while :; do sleep 0.05; done'`),
    ).toBe('got\n9\n');
    expect(ended('--output-to-error sh -c "echo text"')).toBe('0\n');
    const script = `cd "$(mktemp -d)"; echo 'echo "$0"; printf "%s" "$1" | od -An -c' > script; chmod +x script
      PATH=$PWD:$PATH; $run ./script ${odd}; $run script ${odd}; rm script; rmdir "$PWD"`;
    expect(inShell(script, asRecorded).stdout).toMatch(/^\.\/script\n +377\n\/\S*\/script\n +377\n$/);
    expect(inShell(`$run no-such-program ${odd}`, asRecorded)).toMatchObject({
      status: 127,
      stderr: 'no-such-program cannot be run: there is no such program\n',
    });
    expect(inShell(`$run /etc/passwd ${odd}`, asRecorded)).toMatchObject({
      status: 126,
      stderr: '/etc/passwd cannot be run: it may not be executed\n',
    });
  });

  test('ends with its own status, or that of a shell where it never ran', () => {
    const statusOf = (command: string): number | null =>
      inShell(`$run ${command}; exit $?`, asRecorded).status;
    expect(statusOf("sh -c 'exit 7'")).toBe(7);
    expect(statusOf("sh -c 'kill -TERM $$'")).toBe(143);
    expect(inShell('$run no-such-program', asRecorded)).toMatchObject({
      status: 127,
      stderr: 'no-such-program cannot be run: there is no such program\n',
    });
    expect(inShell('$run /etc/passwd', asRecorded)).toMatchObject({
      status: 126,
      stderr: '/etc/passwd cannot be run: it may not be executed\n',
    });
  });

  test('writes to standard error where standard output is the recording', () => {
    const ended = inShell('$run --output-to-error sh -c "echo text"', asRecorded);
    expect([ended.stdout, ended.stderr]).toEqual(['', 'text\n']);
  });

  test.for<NodeJS.Signals>(['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGINT'])('gets %s once', async (signal) => {
    const script = `trap 'echo got; sleep 0.3; exit 9' ${signal.slice(3)}; echo up; while :; do sleep 0.05; done`;
    const child = spawn(process.execPath, [runner, 'bash', '-c', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
      // Without a terminal, no signal of it can have gone to both.
      detached: true,
    });
    let output = '';
    child.stdout.on('data', (chunk) => {
      output += chunk;
      if (output === 'up\n') child.kill(signal);
    });
    const [status] = await once(child, 'close');
    expect([output, status]).toEqual(['up\ngot\n', 9]);
  });

  test('that a signal has ended is asked about no more', () => {
    // Who was sent it passes it on a little later; by then there may be neither the command nor what knows of it.
    const ended = inShell(`$run --asked sh -c 'kill -TERM $PPID; exit 3'; echo $?`, asRecorded);
    expect(ended.stderr.match(/ended.*/s)?.[0]).toBe('ended\n');
    expect(ended.stdout).toBe('3\n');
  });

  test.skipIf(noTerminal)(`has the terminal: its keys and size, stopping and going on${terminalNote}`, () => {
    const press = (keys: readonly string[], script: string): string =>
      spawnSync('python3', [terminal, 'x', ...keys, '--', process.execPath, runner, 'sh', '-c', script], {
        encoding: 'utf8',
      }).stdout;
    expect(press(['31 97=hello\n'], 'tty; test -t 1; stty size; read -r line; echo "got $line"')).toMatch(
      /status 0 said \/dev\/pts\/\d+ 31 97 hello got hello$/m,
    );
    const counting =
      'trap "n=$((n + 1))" INT; echo ready; until [ -n "$n" ]; do sleep 0.1; done; sleep 0.5; echo "count $n"';
    expect(press(['ready=^C'], `${counting}; exit 5`)).toMatch(/status 5 said ready \^C ?count 1$/m);
    expect(press(['ready=^C'], 'echo ready; exec sleep 100')).toMatch(/status 130 /);
    expect(press(['ready=^\\'], 'ulimit -c 0; echo ready; exec sleep 100')).toMatch(/status 131 /);
    expect(
      press(['ready=^Z', 'stopped=on\n'], 'echo ready; read -r line; echo "went on with $line"'),
    ).toMatch(/status 0 said ready \^Z ?\[stopped\] on went on with on$/m);
  });

  test.skipIf(notRoot)(
    `is the caller's own under sudo camflow, and root's in a script of sudo${rootNote}`,
    () => {
      const nobody = spawnSync('id', ['-u', 'nobody'], { encoding: 'utf8' }).stdout.trim();
      const look = `$run sh -c 'id -u; id -G; echo $HOME $USER $LOGNAME'`;
      const given = { SUDO_UID: nobody, SUDO_GID: nobody, SUDO_USER: 'nobody', HOME: '/root' };
      const called = inShell(look, asRecorded, { ...given, SUDO_COMMAND: '/usr/bin/camflow record -- sh' });
      const groups = spawnSync('id', ['-G', 'nobody'], { encoding: 'utf8' }).stdout.trim();
      expect(called.stdout).toBe(`${nobody}\n${groups}\n/nonexistent nobody nobody\n`);
      const odd = inShell(`${look} $'\\xff'`, asRecorded, { ...given, SUDO_COMMAND: '/usr/bin/camflow' });
      expect(odd.stdout).toBe(called.stdout);
      const inScript = inShell(look, asRecorded, { ...given, SUDO_COMMAND: '/bin/bash' });
      expect(inScript.stdout.split('\n')[0]).toBe('0');
    },
  );
});
