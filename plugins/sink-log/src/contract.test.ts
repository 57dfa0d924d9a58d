import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sinkSuite } from '@camflow/testkit';
import { describe, test } from 'vitest';
import definition from './index.ts';

describe.each(['none', 'batch', 'interval'])('the contract of outputs, sync=%s', (sync) => {
  sinkSuite({
    test,
    definition,
    factory: () => {
      const folder = mkdtempSync(join(tmpdir(), 'camflow-log-'));
      const path = join(folder, 'new', 'audit.log');
      return {
        options: { path, sync },
        unusable: { path: folder, sync },
        readBack: async () => readFileSync(path),
        footprint: async () => readdirSync(folder, { recursive: true }).join(),
        dispose: async () => rmSync(folder, { recursive: true }),
      };
    },
    cannot: ['stall'],
  });
});
