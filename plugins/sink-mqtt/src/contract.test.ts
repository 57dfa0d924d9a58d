import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inflateSync } from 'node:zlib';
import { type SinkSubject, sinkSuite } from '@camflow/testkit';
import { describe, test } from 'vitest';
import definition from './index.ts';

function hasBroker(): boolean {
  try {
    for (const program of ['mosquitto', 'mosquitto_sub'])
      execFileSync('which', [program], { stdio: 'ignore' });
    return true;
  } catch {
    return process.env['CAMFLOW_TEST_SYSTEM'] === '1';
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

async function untilAccepts(port: number): Promise<void> {
  for (;;) {
    const socket = createConnection(port, '127.0.0.1');
    const connected = await once(socket, 'connect').then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (connected) return;
    await sleep(20);
  }
}

/** The units in what mosquitto_sub has written: a line of hexadecimal for each message. */
function unitsIn(hexLines: string, payload: string): Buffer {
  const complete = hexLines
    .slice(0, hexLines.lastIndexOf('\n') + 1)
    .split('\n')
    .slice(0, -1);
  const messages = complete.map((line) => Buffer.from(line, 'hex'));
  return Buffer.concat(
    messages.map((message) =>
      payload === 'json' ? message : inflateSync(Buffer.from(message.toString(), 'base64')),
    ),
  );
}

/** A broker of its own, with a subscriber to everything. */
async function createBroker(payload: string, qos: string): Promise<SinkSubject> {
  const folder = mkdtempSync(join(tmpdir(), 'camflow-mqtt-contract-'));
  const port = await freePort();
  const limits = [
    'max_queued_messages 0',
    'max_inflight_messages 0',
    'persistence false',
    'allow_anonymous true',
  ];
  const config = join(folder, 'mosquitto.conf');
  writeFileSync(config, ['user root', `listener ${port} 127.0.0.1`, ...limits, ''].join('\n'));
  const broker = spawn('mosquitto', ['-c', config], { stdio: 'ignore' });
  await untilAccepts(port);
  const out = join(folder, 'out');
  const descriptor = openSync(out, 'w');
  const subscription = ['-h', '127.0.0.1', '-p', String(port), '-t', 'trial/#', '-q', qos, '-F', '%x', '-d'];
  const subscriber = spawn('mosquitto_sub', subscription, { stdio: ['ignore', descriptor, 'ignore'] });
  closeSync(descriptor);
  // Its notes about itself go to the same file; they are no hexadecimal.
  while (!readFileSync(out, 'utf8').includes('Subscribed')) await sleep(10);
  const exited = [once(broker, 'exit'), once(subscriber, 'exit')];
  const hexadecimal = (): string => readFileSync(out, 'utf8').replace(/^.*[^0-9A-Fa-f\n].*\n/gm, '');
  const options = { address: `127.0.0.1:${port}`, topic: 'trial/', payload, qos, reconnect_ms: '50' };
  return {
    options,
    unusable: { ...options, address: `mqtts://127.0.0.1:${port}`, ca: join(folder, 'missing.pem') },
    readBack: async () => unitsIn(hexadecimal(), payload),
    stall: async () => void broker.kill('SIGSTOP'),
    resume: async () => void broker.kill('SIGCONT'),
    dispose: async () => {
      subscriber.kill('SIGKILL');
      broker.kill('SIGKILL');
      await Promise.all(exited);
      rmSync(folder, { recursive: true });
    },
  };
}

const broker = hasBroker();
const note = broker ? '' : ' (skipped: needs mosquitto and mosquitto-clients)';
describe.skipIf(!broker).each([
  ['camflow', '2'],
  ['json', '1'],
])(`the contract of outputs, payload=%s qos=%s${note}`, (payload, qos) => {
  sinkSuite({ test, definition, factory: () => createBroker(payload, qos), cannot: ['footprint'] });
});
