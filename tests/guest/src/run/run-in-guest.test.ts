import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { whyNoGuest } from '../cache/parts.ts';
import { runInGuest } from './run-in-guest.ts';

// Each boots a guest: half a minute on a quiet machine.
vi.setConfig({ testTimeout: 300_000 });

function skipped(kernel: '6.1' | '6.12'): string {
  const reason = whyNoGuest(kernel);
  return reason === undefined ? '' : ` (skipped: ${reason})`;
}

/** A script that looks at everything a job may rely on, so that one boot shows it all. */
const script = `
  cat /data/in.bin
  cp /data/in.bin /data/out.bin
  {
    uname -r
    pwd
    id -u
    cat /sys/kernel/security/lsm; echo
    ls /sys/class/net
    node --version
    node -e 'import("/camflow/kernel/node_modules/koffi/index.js").then(({ default: koffi }) =>
      console.log(koffi.load("libbpf.so.1").func("const char *libbpf_version_string()")()))'
  } > /data/seen
  echo complaint >&2
  sleep 1000 &
  kill -TERM $$
`;

describe('a job in the guest', () => {
  describe.each(['6.1', '6.12'] as const)('with kernel %s', (kernel) => {
    test.skipIf(skipped(kernel))(`gets its files and gives back what it did${skipped(kernel)}`, async () => {
      await checkJob(kernel);
    });
  });

  test.skipIf(skipped('6.1'))(`is killed when its time is up${skipped('6.1')}`, async () => {
    const result = await runInGuest({ command: ['sleep', '1000'], timeoutMs: 1500 });
    expect(result).toMatchObject({ status: 124, timedOut: true });
    expect(result.durationMs).toBeLessThan(120_000);
  });
});

async function checkJob(kernel: '6.1' | '6.12'): Promise<void> {
  const folder = await mkdtemp(path.join(tmpdir(), 'guest-test-'));
  const bytes = randomBytes(20_000);
  await writeFile(path.join(folder, 'in.bin'), bytes);
  try {
    const result = await runInGuest({
      kernel,
      command: ['bash', '-c', script],
      put: [{ host: path.join(folder, 'in.bin'), guest: '/data/in.bin' }],
      fetch: ['/data/out.bin', '/data/seen', '/data/absent'],
      timeoutMs: 290_000,
    });
    expect(result.status).toBe(128 + 15);
    expect(result.timedOut).toBe(false);
    expect(result.stdout.equals(bytes)).toBe(true);
    expect(result.stderr.toString()).toBe('complaint\n');
    expect([...result.files.keys()]).toEqual(['/data/out.bin', '/data/seen']);
    expect(result.files.get('/data/out.bin')!.equals(bytes)).toBe(true);
    const [release, ...seen] = result.files.get('/data/seen')!.toString().split('\n');
    expect(release?.startsWith(`${kernel}.`)).toBe(true);
    expect(seen.slice(0, 2)).toEqual(['/camflow', '0']);
    expect(seen[2]?.split(',')).toContain('bpf');
    expect(seen.slice(3)).toEqual(['lo', process.version, 'v1.1', '']);
  } finally {
    await rm(folder, { recursive: true });
  }
}
