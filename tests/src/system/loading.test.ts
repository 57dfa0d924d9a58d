import { runInGuest } from '@camflow/guest';
import { beforeAll, describe, expect, test } from 'vitest';
import { whyNoCapture } from '../capture/why-no-capture.ts';
import { type SaidAbout, saidBy } from './said-by.ts';

const reason = whyNoCapture('6.1', 'long');
const note = reason === undefined ? '' : ` (skipped: ${reason})`;
const run = test.skipIf(reason !== undefined);

describe('loading the programs on a stock kernel', () => {
  let said: SaidAbout;
  beforeAll(async () => {
    if (reason !== undefined) return;
    const job = await runInGuest({
      command: ['bash', '/camflow/tests/fixtures/guest/loading.sh'],
      kernel: '6.1',
      timeoutMs: 590_000,
    });
    said = saidBy(job);
  }, 600_000);

  run(`programs of another version are refused in a sentence, and can be removed${note}`, () => {
    const mismatch = said('mismatch');
    expect(mismatch[0]).toMatch(
      /^camflow: The BPF programs in \S+ are of another version\. Stop every recorder, then run `camflow unload`/,
    );
    expect(mismatch.join('\n')).toMatch(/of another version: run `camflow unload` before recording\)/);
    expect(mismatch.at(-1)).toBe('The BPF programs are removed.');
  });

  run(`a load that fails or is killed half-way is in nobody's way${note}`, () => {
    expect(said('half-way')[0]).toMatch(/^camflow: /);
    expect(said('half-way').at(-1)).toBe('0');
    expect(said('killed while loading')[0]).toMatch(/^0 [1-9]/);
  });

  run(`a BPF file system that is not mounted is asked for${note}`, () => {
    expect(said('bpffs')).toEqual([
      'camflow: No BPF file system is mounted on /sys/fs/bpf. Mount it: `mount -t bpf -o mode=0700 bpf /sys/fs/bpf`.',
    ]);
  });

  run(`who may write to the BPF file system has root neither remove files nor wait for a lock${note}`, () => {
    const refusal = expect.stringMatching(
      /^camflow: \/sys\/fs\/bpf\/camflow is not a folder of root alone: somebody else made it\. Remove it/,
    );
    expect(said('stranger')).toEqual([
      expect.stringMatching(/recorder\.lock.*denied/),
      refusal,
      refusal,
      'kept',
    ]);
  });

  run(`unloading leaves nothing behind${note}`, () => {
    expect(said('unload')).toEqual(['The BPF programs are removed.', 'No BPF programs were loaded.', '0']);
  });
});
