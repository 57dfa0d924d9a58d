import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';

const plugin = new URL('../dist/index.js', import.meta.url).href;

/** Runs the built sink in a process of its own, whose standard output is a pipe to this one. */
function run(body: string): ChildProcessByStdio<null, Readable, Readable> {
  const program = `
import definition from ${JSON.stringify(plugin)};
const sink = definition.create(undefined, {});
const signal = new AbortController().signal;
const batch = (text) => {
  const bytes = new TextEncoder().encode(text);
  return { bytes, count: 1, ends: Uint32Array.of(bytes.length), records: Uint32Array.of(1) };
};
const note = (value) => process.stderr.write(JSON.stringify(value) + '\\n');
await sink.open({ origin: {} });
${body}
`;
  return spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function text(stream: Readable): Promise<string> {
  let all = '';
  for await (const chunk of stream.setEncoding('utf8')) all += chunk;
  return all;
}

test('writes every byte in order, through a pipe that is read late', async () => {
  const child = run(`
for (let index = 0; index < 400; index++) {
  const units = batch(('line ' + index + ' ').padEnd(2000, String(index % 10)) + '\\n');
  await sink.write(units, signal);
  units.bytes.fill(0);
}
await sink.close();
`);
  await sleep(300);
  let expected = '';
  for (let index = 0; index < 400; index++)
    expected += `${`line ${index} `.padEnd(2000, String(index % 10))}\n`;
  const read = await text(child.stdout);
  expect(read.length).toBe(expected.length);
  expect(createHash('sha256').update(read).digest('hex')).toBe(
    createHash('sha256').update(expected).digest('hex'),
  );
});

test('waits while nobody reads, and lets go when it is told to stop', async () => {
  const child = run(`
const stop = new AbortController();
let ticks = 0;
const clock = setInterval(() => ticks++, 10);
setTimeout(() => stop.abort(), 300);
const big = batch('x'.repeat(1 << 20));
await sink.write(big, stop.signal).catch((error) => note({ retryable: error.retryable, ticked: ticks > 1 }));
clearInterval(clock);
await sink.write(big, stop.signal).catch((error) => note({ again: error.retryable }));
await sink.close();
process.exit();
`);
  const notes = await text(child.stderr);
  child.kill();
  expect(
    notes
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  ).toEqual([{ retryable: true, ticked: true }, { again: true }]);
});

test('a reader that went away is a permanent error with a sentence', async () => {
  const child = run(`
for (;;) {
  try {
    await sink.write(batch('y'.repeat(100000)), signal);
  } catch (error) {
    note({ code: error.code, retryable: error.retryable, message: error.message });
    break;
  }
}
await sink.close();
await sink.close();
`);
  child.stdout.destroy();
  const [notes, [exitCode]] = await Promise.all([text(child.stderr), once(child, 'close')]);
  expect(JSON.parse(notes)).toEqual({
    code: 'SINK_REJECTED',
    retryable: false,
    message: 'Standard output was closed by its reader',
  });
  expect(exitCode).toBe(0);
});
