import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createRandom, type SourceSubject, sourceSuite } from '@camflow/testkit';
import { describe, test } from 'vitest';
import definition from './index.ts';

/** Relay files of two CPUs, filled with random records, and the control files of a kernel. */
function createPlace(): SourceSubject {
  const folder = mkdtempSync(join(tmpdir(), 'camflow-kernel-contract-'));
  const relays = join(folder, 'debug');
  const controls = join(folder, 'provenance');
  for (const path of [relays, controls, join(folder, 'empty')]) mkdirSync(path);
  for (const name of ['epoch', 'flush', 'self']) writeFileSync(join(controls, name), '');
  writeFileSync(join(controls, 'version'), 'v0.9.0');
  writeFileSync(join(controls, 'dropped'), Buffer.alloc(8));
  writeFileSync(join(controls, 'machine_id'), Buffer.from([1, 0, 0, 0]));
  writeFileSync(join(controls, 'boot_id'), Buffer.from([2, 0, 0, 0]));
  const expected = new Map<string, Uint8Array>();
  for (const cpu of [0, 5]) {
    for (const [kind, name, byteLength] of [
      ['short', `provenance${cpu}`, 300 * 256],
      ['long', `long_provenance${cpu}`, 20 * 4280],
    ] as const) {
      const bytes = new Uint8Array(byteLength);
      createRandom(cpu + byteLength).fill(bytes);
      writeFileSync(join(relays, name), bytes);
      expected.set(`${kind} ${cpu}`, bytes);
    }
  }
  const options = { securityfs_dir: controls, poll_ms: '1', socket: 'off' };
  return {
    options: { ...options, relay_dir: relays },
    expected,
    unusable: { ...options, relay_dir: join(folder, 'empty') },
    dispose: async () => rmSync(folder, { recursive: true }),
  };
}

describe('the contract of capture sources', () => {
  // Reading plain files leaves no trace that could be observed.
  sourceSuite({ test, definition, factory: createPlace, cannot: ['observe'] });
});

describe('the contract of capture sources, once=true', () => {
  const factory = (): SourceSubject => {
    const place = createPlace();
    return { ...place, options: { ...place.options, once: 'true' } };
  };
  sourceSuite({ test, definition, factory, cannot: ['observe'] });
});
