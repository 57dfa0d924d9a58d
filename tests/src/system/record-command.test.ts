import { type CapturedResult, runInGuest } from '@camflow/guest';
import { beforeAll, describe, expect, test } from 'vitest';
import { whyNoCapture } from '../capture/why-no-capture.ts';
import { type SaidAbout, saidBy } from './said-by.ts';
import { originsOf, spadeEntries } from './spade-entries.ts';

const reason = whyNoCapture('6.1', 'long');
const note = reason === undefined ? '' : ` (skipped: ${reason})`;
const run = test.skipIf(reason !== undefined);

describe('a command that is recorded', () => {
  let result: CapturedResult;
  let said: SaidAbout;
  beforeAll(async () => {
    if (reason !== undefined) return;
    result = await runInGuest({
      command: ['bash', '/camflow/tests/fixtures/guest/record-command.sh'],
      kernel: '6.1',
      fetch: ['/root/work/inner.jsonl'],
      timeoutMs: 1_190_000,
    });
    said = saidBy(result);
  }, 1_200_000);

  run(`ends with its own status${note}`, () => {
    expect(said('status')).toEqual(['7']);
  });

  run(`runs under sudo as who called it, with their groups, home and files${note}`, () => {
    const ids = 'uid=1000(ada) gid=1000(ada) groups=1000(ada),1234(orchard)';
    expect(said('sudo caller')).toEqual([ids, '/home/ada ada ada /bin/dash']);
    expect(said('sudo files')).toEqual(['ada ada 600 ada ada 644 ']);
    // Also what sudo started itself, and whom --user names.
    expect(said('sudo root')).toEqual(['0', '0']);
    expect(said('sudo script')).toEqual(['0', '0']);
    // The command had another file of root there by the end.
    expect(said('sudo raw')).toEqual(['ada 600 root']);
  });

  run(`a terminal that the command makes works, and what runs on it is recorded${note}`, () => {
    expect(said('inner')[0]).toMatch(/^terminal inner: status 0 said up typed.*banana$/);
    expect(
      originsOf(spadeEntries(result.files.get('/root/work/inner.jsonl')!), 'file', '/root/work/typed'),
    ).toContain('process_memory /usr/bin/cat');
  });

  run(`a user without privilege is told so, and nothing is left behind${note}`, () => {
    expect(said('unprivileged')).toEqual([
      'camflow: This process may not load BPF programs. Run it as root, with sudo say.',
      '4',
      "ls: cannot access 'not.jsonl': No such file or directory",
      expect.stringMatching(/^camflow: \/run\/camflow\/recorder\.lock cannot be opened.* Run it as root/),
    ]);
  });

  run(`the terminal is the command's: its size and keys, stopping and going on${note}`, () => {
    expect(said('terminal keys:')[0]).toMatch(
      /^status 5 said \/dev\/pts\/\d+ 31 97 ?\^Z ?\[stopped\] on went on with on ?\^C ?count 1$/,
    );
  });

  run(`a signal reaches the command once, whomever of the two it was sent to${note}`, () => {
    expect(said('signal')).toEqual(['group 0 1', 'recorder 0 1', 'each 0 1']);
  });

  run(`what ends the command does not end the recording, nor does a signal after that${note}`, () => {
    expect(said('terminal ended:')[0]).toMatch(/^status 130 said banana up \^C$/);
    expect(said('ended')[0]).toMatch(/^[1-9]\d* 1$/);
    // What the full disk does not take is lost, which is told; and the signal is no second one.
    expect(said('late')).toEqual(['1 1 1']);
  });
});
