import {
  appendFileSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:http';
import { createServer, Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { makeFifo } from '@camflow/kernel';
import { createStory, writeRelayDirectory } from '@camflow/testkit';
import { metrics } from 'camflow';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { until } from '../faults/scale.ts';
import { repositoryRoot } from '../structure/workspace.ts';
import { startProgram } from './programs.ts';

let root: string;
beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'camflow-metrics-'));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

function get(socketPath: string, url: string): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const asked = request({ socketPath, path: url }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      response.on('end', () => resolve({ status: response.statusCode!, body }));
    });
    asked.on('error', reject).end();
  });
}

/** The samples of a page, by name and labels. */
function samplesOf(page: string): Map<string, number> {
  const lines = page.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.split(' ').at(-1))]));
}

/** Relay files that stay as they are: a source that is read from for as long as it is open. */
function liveSource(
  name: string,
  wanted: number,
): { readonly relay: string; readonly records: number; readonly settings: readonly string[] } {
  const relay = path.join(root, name);
  mkdirSync(relay);
  let records = 0;
  for (const { stream, bytes, records: count } of createStory({ records: wanted }).chunks()) {
    const prefix = stream.kind === 'long' ? 'long_provenance' : 'provenance';
    appendFileSync(path.join(relay, `${prefix}${stream.cpu}`), bytes);
    records += count;
  }
  const settings = [
    'general.source=kernel',
    'kernel.backend=relay',
    `kernel.relay_dir=${relay}`,
    `kernel.securityfs_dir=${path.join(root, 'nothing')}`,
  ];
  return { relay, records, settings };
}

test('camflowd tells Prometheus what becomes of every record, and whether it works', async () => {
  const socket = path.join(root, 'metrics.sock');
  const nothing = path.join(root, 'nothing');
  const { relay, records, settings: source } = liveSource('live', 3000);
  const malformed = 3;
  appendFileSync(path.join(relay, 'provenance0'), new Uint8Array(malformed * 256));
  const settings = [
    `general.spool_dir=${path.join(root, 'spools')}`,
    `general.metrics=${socket}`,
    ...source,
    'general.output=null,unix_socket,fifo',
    `unix_socket.address=${nothing}`,
    `fifo.path=${path.join(root, 'fifo')}`,
    'fifo.spool=off',
  ].flatMap((setting) => ['--set', setting]);
  // One before it is killed, which is a loss that nobody can count.
  const before = startProgram('camflowd', settings);
  await before.said(/msg="recording"/);
  before.process.kill('SIGKILL');
  await before.ended;
  rmSync(path.join(root, 'spools', 'unix_socket'), { recursive: true });
  const daemon = startProgram('camflowd', settings);
  await daemon.said(/msg="recording"/);
  expect(statSync(socket).mode & 0o777).toBe(0o660);
  let samples = new Map<string, number>();
  await until(async () => {
    samples = samplesOf((await get(socket, '/metrics')).body);
    return (
      samples.get('camflow_output_delivered_records_total{output="null"}') === records &&
      samples.get('camflow_output_up{output="unix_socket"}') === 0
    );
  });
  // Relay files without the kernel's counters lose nothing that anybody would know of.
  for (const { name } of metrics.filter(({ name: each }) => !each.includes('source_lost'))) {
    const found = [...samples.keys()].some((key) => key === name || key.startsWith(`${name}{`));
    expect(found, name).toBe(true);
  }
  expect(samples.get('camflow_output_lag_seconds{output="null"}')).toBe(0);
  // Outputs that never took anything are behind all the same.
  for (const output of ['unix_socket', 'fifo'])
    expect(samples.get(`camflow_output_lag_seconds{output="${output}"}`), output).toBeGreaterThan(0);
  expect(samples.get('camflow_source_records_total')).toBe(records + malformed);
  expect(samples.get('camflow_output_produced_records_total{output="unix_socket"}')).toBe(
    records + malformed,
  );
  expect(samples.get('camflow_output_pending_records{output="unix_socket"}')).toBe(records);
  const lost = 'camflow_output_lost_records_total{output="null",cause="malformed"}';
  expect(samples.get(lost)).toBe(malformed);
  for (const output of ['null', 'fifo']) {
    const unknown = `camflow_output_unknown_gaps_total{output="${output}",cause="unclean_stop"}`;
    expect(samples.get(unknown)).toBe(1);
  }
  const streams = [...samples].filter(([key]) => key.startsWith('camflow_stream_records_total'));
  expect(streams.reduce((sum, [, value]) => sum + value, 0)).toBe(records + malformed);
  expect(samples.get('process_open_fds')).toBeGreaterThan(0);
  expect(await get(socket, '/healthz')).toEqual({ status: 200, body: 'running\n' });
  // The fifo has no reader and no spool; the socket has a spool.
  expect(await get(socket, '/readyz')).toEqual({ status: 503, body: 'running; not taking anything: fifo\n' });
  expect((await get(socket, '/else')).status).toBe(404);
  daemon.process.kill('SIGTERM');
  await new Promise((resolve) => setTimeout(resolve, 100));
  daemon.process.kill('SIGTERM');
  await daemon.ended;
  expect(existsSync(socket)).toBe(false);
});

/** The value of a metric of an output. */
async function outputValue(socket: string, metric: string, output: string): Promise<number> {
  const { body } = await get(socket, '/metrics');
  return samplesOf(body).get(`camflow_output_${metric}{output="${output}"}`)!;
}

test('an output whose reader has stopped reading is down, though no write fails, until it reads on', async () => {
  const socket = path.join(root, 'stalled.sock');
  const pipe = path.join(root, 'stalled-fifo');
  makeFifo(pipe, 0o600);
  const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  const settings = [
    `general.metrics=${socket}`,
    // Some megabytes: more than a pipe holds.
    ...liveSource('stalled-live', 10_000).settings,
    'general.format=spade_json',
    'general.output=fifo',
    `fifo.path=${pipe}`,
    'fifo.spool=off',
  ].flatMap((setting) => ['--set', setting]);
  const daemon = startProgram('camflowd', settings);
  await daemon.said(/A reader has opened/);
  expect(await outputValue(socket, 'up', 'fifo')).toBe(1);
  expect((await get(socket, '/readyz')).status).toBe(200);
  await until(async () => (await outputValue(socket, 'up', 'fifo')) === 0);
  expect(await outputValue(socket, 'down_seconds', 'fifo')).toBeGreaterThanOrEqual(5);
  expect(await outputValue(socket, 'lag_seconds', 'fifo')).toBeGreaterThanOrEqual(5);
  expect(await outputValue(socket, 'retries_total', 'fifo')).toBe(0);
  expect(await get(socket, '/readyz')).toEqual({ status: 503, body: 'running; not taking anything: fifo\n' });
  const reading = new Socket({ fd: reader, readable: true, writable: false }).resume();
  await until(async () => (await outputValue(socket, 'pending_records', 'fifo')) === 0);
  expect(await outputValue(socket, 'up', 'fifo')).toBe(1);
  expect(await outputValue(socket, 'down_seconds', 'fifo')).toBe(0);
  expect((await get(socket, '/readyz')).status).toBe(200);
  daemon.process.kill('SIGTERM');
  await daemon.ended;
  reading.destroy();
});

test('a recorder is not ready while the spool of an output is full and may not drop anything', async () => {
  const socket = path.join(root, 'full.sock');
  const relay = path.join(root, 'full-input');
  writeRelayDirectory(relay, createStory({ records: 50_000 }));
  const address = path.join(root, 'full-reader');
  const peers: Socket[] = [];
  // Does not read before it is told to.
  const reader = createServer({ pauseOnConnect: true }, (peer) => peers.push(peer)).listen(address);
  const settings = [
    `general.metrics=${socket}`,
    'general.source=replay',
    `replay.path=${relay}`,
    'replay.loop=1000000',
    'general.format=spade_json',
    'general.output=unix_socket,null',
    `unix_socket.address=${address}`,
    'unix_socket.type=stream',
    'unix_socket.spool_full=block',
    'unix_socket.spool_max_size=4194304',
  ].flatMap((setting) => ['--set', setting]);
  const daemon = startProgram('camflowd', settings);
  await daemon.said(/msg="recording"/);
  expect(await get(socket, '/readyz')).toEqual({ status: 200, body: 'running\n' });
  await until(async () => (await outputValue(socket, 'full_seconds', 'unix_socket')) >= 5);
  expect(await outputValue(socket, 'full_seconds', 'null')).toBe(0);
  expect(await get(socket, '/readyz')).toEqual({
    status: 503,
    body: 'running; without room for more: unix_socket\n',
  });
  for (const peer of peers) peer.resume();
  await until(async () => (await get(socket, '/readyz')).status === 200);
  expect(await outputValue(socket, 'full_seconds', 'unix_socket')).toBe(0);
  daemon.process.kill('SIGKILL');
  await daemon.ended;
  for (const peer of peers) peer.destroy();
  reader.close();
});

test('a recorder that has failed is not healthy, for as long as it waits for its outputs', async () => {
  const socket = path.join(root, 'failed.sock');
  const settings = [
    `general.metrics=${socket}`,
    `general.source=${path.join(repositoryRoot, 'tests/fixtures/failing-source.js')}`,
    'general.output=unix_socket',
    `unix_socket.address=${path.join(root, 'nobody')}`,
    'unix_socket.spool=off',
    'general.drain_timeout_ms=5000',
  ].flatMap((setting) => ['--set', setting]);
  const daemon = startProgram('camflowd', settings);
  await daemon.said(/msg="recording"/);
  const answers = new Map<string, unknown>();
  await until(async () => {
    for (const url of ['/healthz', '/readyz']) answers.set(url, await get(socket, url));
    return isDeepStrictEqual(answers.get('/healthz'), { status: 503, body: 'failed\n' });
  });
  expect(answers.get('/readyz')).toMatchObject({ status: 503, body: expect.stringMatching(/^failed/) });
  daemon.process.kill('SIGTERM');
  const { status, stderr } = await daemon.ended;
  expect(status).not.toBe(0);
  expect(stderr).toContain('The source has broken down');
});

test('metrics are for this machine only', async () => {
  const file = path.join(root, 'camflowd.ini');
  writeFileSync(file, '[general]\nmetrics=0.0.0.0:9464\n');
  const ended = await startProgram('camflowd', ['--config', file]).ended;
  expect(ended.status).toBe(2);
  expect(ended.stderr).toContain('general.metrics: must be 127.0.0.1:PORT');
});
