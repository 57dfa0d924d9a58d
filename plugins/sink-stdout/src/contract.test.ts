import { createWriteStream, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { definePlugin } from '@camflow/api';
import { sinkSuite } from '@camflow/testkit';
import { describe, test } from 'vitest';
import sinkStdout from './index.ts';
import { createStdoutSink } from './stdout-sink.ts';

// Standard output belongs to the test runner here: a file takes its place. stdout-sink.test.ts has the real one.
let file: string;
const definition = definePlugin({
  ...sinkStdout,
  create: () =>
    createStdoutSink(createWriteStream('', { fd: openSync(file, 'a') }) as unknown as NodeJS.WriteStream),
});

describe('the contract of outputs', () => {
  sinkSuite({
    test,
    definition,
    factory: () => {
      const folder = mkdtempSync(join(tmpdir(), 'camflow-stdout-'));
      file = join(folder, 'stdout');
      const path = file;
      return {
        options: {},
        readBack: async () => readFileSync(path),
        dispose: async () => rmSync(folder, { recursive: true }),
      };
    },
    cannot: ['stall', 'fail', 'footprint'],
  });
});
