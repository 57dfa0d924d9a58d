import { appendFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { createStory } from '@camflow/testkit';
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

test('camflowd tells Prometheus what becomes of every record, and whether it works', async () => {
  const socket = path.join(root, 'metrics.sock');
  const nothing = path.join(root, 'nothing');
  // A live source: relay files that stay as they are.
  const relay = path.join(root, 'live');
  mkdirSync(relay);
  let records = 0;
  for (const { stream, bytes, records: count } of createStory({ records: 3000 }).chunks()) {
    const prefix = stream.kind === 'long' ? 'long_provenance' : 'provenance';
    appendFileSync(path.join(relay, `${prefix}${stream.cpu}`), bytes);
    records += count;
  }
  const malformed = 3;
  appendFileSync(path.join(relay, 'provenance0'), new Uint8Array(malformed * 256));
  const settings = [
    `general.spool_dir=${path.join(root, 'spools')}`,
    `general.metrics=${socket}`,
    'general.source=kernel',
    'kernel.backend=relay',
    `kernel.relay_dir=${relay}`,
    `kernel.securityfs_dir=${nothing}`,
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
  for (const { name, labels } of metrics.filter(({ name: each }) => !each.includes('source_lost'))) {
    const found = [...samples.keys()].some((key) => key === name || key.startsWith(`${name}{`));
    if (labels.length === 0 || !name.includes('lag')) expect(found, name).toBe(true);
  }
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
