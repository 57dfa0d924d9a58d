import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createConnection, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inflateSync } from 'node:zlib';
import type { FormatInfo, RawOptions, Sink, UnitBatch } from '@camflow/api';
import { afterAll, describe, expect, test, vi } from 'vitest';
import sinkMqtt from './index.ts';
import { mqttOptions } from './options.ts';

const folder = mkdtempSync(join(tmpdir(), 'camflow-mqtt-'));
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});

/** Whether a program starts; with CAMFLOW_TEST_SYSTEM it is expected to, and its absence fails the tests. */
function present(program: string, ...args: string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' });
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ENOENT';
  }
}
const mustRun = process.env['CAMFLOW_TEST_SYSTEM'] === '1';
const broker =
  mustRun ||
  (present('mosquitto', '-h') && present('mosquitto_sub', '--help') && present('openssl', 'version'));
const note = broker ? '' : ' (skipped: needs mosquitto, mosquitto-clients and openssl)';

const never = new AbortController().signal;
const machineId = 3_000_000_017;
const topic = `camflow/provenance/${machineId}`;
const start = { origin: { abi: 'camflow-0.9', machineId, bootId: 1, epoch: 1 } };

function make(raw: RawOptions, framing: FormatInfo['framing'] = 'lines', lines: string[] = []): Sink {
  const result = mqttOptions.schema['~standard'].validate({ reconnect_ms: '20', ...raw });
  if (result instanceof Promise || result.issues) throw new Error('bad options in a test');
  const note = (message: string): void => {
    lines.push(message);
  };
  return sinkMqtt.create(result.value, {
    log: { debug: note, info: note, warn: note, error: note },
    section: 'mqtt',
    format: { name: framing, mediaType: 'text/plain', framing },
  });
}

async function opened(raw: RawOptions, framing?: FormatInfo['framing'], lines?: string[]): Promise<Sink> {
  const sink = make(raw, framing, lines);
  await sink.check?.();
  await sink.open(start);
  return sink;
}

function batchOf(units: readonly string[]): UnitBatch {
  let end = 0;
  const bytes = Buffer.from(units.join(''));
  const ends = Uint32Array.from(units, (unit) => {
    end += Buffer.byteLength(unit);
    return end;
  });
  return { bytes, count: units.length, ends, records: new Uint32Array(units.length).fill(1) };
}

const unit = (index: number): string =>
  `{"id":${String(index).padStart(8, '0')},"name":"é${'.'.repeat(index % 300)}"}\n`;
const units = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, index) => unit(from + index));

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

interface Broker {
  readonly port: number;
  kill(): Promise<void>;
  signal(name: NodeJS.Signals): void;
}

async function startBroker(
  port: number,
  settings: readonly string[] = ['allow_anonymous true'],
): Promise<Broker> {
  const home = join(folder, `broker-${port}`);
  mkdirSync(home, { recursive: true });
  const config = join(home, 'mosquitto.conf');
  const common = ['user root', 'persistence false', 'max_queued_messages 0', 'max_inflight_messages 0'];
  writeFileSync(config, [...common, `listener ${port} 127.0.0.1`, ...settings, ''].join('\n'));
  const child = spawn('mosquitto', ['-c', config], { stdio: 'ignore' });
  children.push(child);
  const gone = once(child, 'exit');
  for (let tries = 0; !(await accepts(port)); tries++) {
    if (tries > 400 || child.exitCode !== null) throw new Error('the broker did not start');
    await sleep(20);
  }
  return {
    port,
    kill: async () => {
      child.kill('SIGKILL');
      await gone;
    },
    signal: (name) => child.kill(name),
  };
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1');
    socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    socket.on('connect', () => socket.destroy());
  });
}

interface Message {
  readonly topic: string;
  readonly qos: string;
  readonly payload: Buffer;
}

interface Subscriber {
  messages(): Message[];
  /** Waits until the broker has confirmed that many subscriptions: one more with each connection. */
  subscribed(times: number): Promise<void>;
  /** Begins `messages` anew. */
  forget(): void;
  end(): void;
}

/** mosquitto_sub in a process of its own; it connects again by itself. */
function subscribe(port: number, qos: number, ...more: string[]): Subscriber {
  // Line by line, or its own buffer would hold back what it got.
  const program = ['-oL', 'mosquitto_sub', '-d', '-h', '127.0.0.1', '-p', String(port), '-q', String(qos)];
  const child = spawn('stdbuf', [...program, '-t', 'camflow/#', '-F', 'MESSAGE %t %q %x', ...more], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  children.push(child);
  let text = '';
  child.stdout.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk;
  });
  const lines = (prefix: string): string[] => text.split('\n').filter((line) => line.startsWith(prefix));
  return {
    messages: () =>
      lines('MESSAGE ')
        .slice(0, text.endsWith('\n') ? undefined : -1)
        .map((line) => {
          const [, topic = '', qos = '', hex = ''] = line.split(' ');
          return { topic, qos, payload: Buffer.from(hex, 'hex') };
        }),
    subscribed: (times) => waitFor(() => lines('Subscribed ').length >= times),
    forget: () => {
      text = '';
    },
    end: () => child.kill('SIGKILL'),
  };
}

async function waitFor(condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition(); waited += 10) {
    if (waited > 20_000) throw new Error('waited in vain');
    await sleep(10);
  }
}

const textOf = (message: Message): string =>
  inflateSync(Buffer.from(message.payload.toString('latin1'), 'base64')).toString();

async function writeUntilTaken(
  sink: Sink,
  batch: UnitBatch,
  failed: () => void | Promise<void>,
): Promise<void> {
  for (;;) {
    try {
      await sink.write(batch, never);
      return;
    } catch (error) {
      expect(error).toMatchObject({ code: 'SINK_UNAVAILABLE', retryable: true });
      await failed();
    }
  }
}

describe.skipIf(!broker)(`with a broker${note}`, () => {
  test.each(['0', '1', '2'])('qos %s: the subscriber has every byte, in order', async (qos) => {
    const { port, kill } = await startBroker(await freePort());
    const subscriber = subscribe(port, 2);
    await subscriber.subscribed(1);
    const sink = await opened({ address: `127.0.0.1:${port}`, qos });
    for (let from = 0; from < 5000; from += 1000) {
      const batch = batchOf(units(from, 1000));
      await sink.write(batch, never);
      batch.bytes.fill(0);
    }
    await sink.write(batchOf([]), never);
    await sink.close();
    await sink.close();
    const expected = units(0, 5000).join('');
    const received = (): string => subscriber.messages().map(textOf).join('');
    await waitFor(() => received().length >= expected.length);
    expect(received() === expected).toBe(true);
    for (const message of subscriber.messages()) {
      expect(message).toMatchObject({ topic, qos });
      expect(message.payload.toString('latin1')).toMatch(/^[A-Za-z0-9+/]+=*$/);
      expect(textOf(message).length).toBeLessThanOrEqual(8192);
      expect(textOf(message).endsWith('\n')).toBe(true);
    }
    expect(subscriber.messages().length).toBeLessThan(500);
    subscriber.end();
    await kill();
  });

  test('payload=json is the text itself; documents travel one by one; a long unit travels whole', async () => {
    const { port, kill } = await startBroker(await freePort());
    const subscriber = subscribe(port, 2);
    await subscriber.subscribed(1);
    const sent = ['{"a":1}\n', `{"b":"${'x'.repeat(100_000)}"}\n`, '{"c":"\u00e9\u20ac"}\n'];
    const sink = await opened({ address: `mqtt://127.0.0.1:${port}`, payload: 'json' }, 'documents');
    const batch = batchOf(sent);
    await sink.write(batch, never);
    batch.bytes.fill(0);
    await waitFor(() => subscriber.messages().length === sent.length);
    expect(subscriber.messages().map((message) => message.payload.toString())).toEqual(sent);
    await sink.close();
    subscriber.end();
    await kill();
  });

  test('topic and client identifier may be set', async () => {
    const { port, kill } = await startBroker(await freePort());
    const subscriber = subscribe(port, 2, '-t', 'elsewhere/#');
    await subscriber.subscribed(1);
    const raw = { address: `127.0.0.1:${port}`, topic: 'elsewhere/', client_id: 'one' };
    const first = await opened(raw);
    await first.write(batchOf(['x\n']), never);
    await waitFor(() => subscriber.messages().length === 1);
    expect(subscriber.messages()[0]!.topic).toBe(`elsewhere/${machineId}`);
    // A broker allows one client of a name: the older connection goes.
    const lines: string[] = [];
    const second = await opened({ ...raw, reconnect_ms: '60000' }, 'lines', lines);
    await second.write(batchOf(['y\n']), never);
    await waitFor(() => lines.some((line) => line.includes('no connection')));
    await Promise.all([first.close(), second.close()]);
    subscriber.end();
    await kill();
  });

  test('credentials: wrong ones are named, right ones pass', async () => {
    const passwords = join(folder, 'passwords');
    writeFileSync(passwords, '');
    execFileSync('mosquitto_passwd', ['-b', passwords, 'camflow', 'right'], { stdio: 'ignore' });
    const { port, kill } = await startBroker(await freePort(), [
      'allow_anonymous false',
      `password_file ${passwords}`,
    ]);
    const subscriber = subscribe(port, 2, '-u', 'camflow', '-P', 'right');
    await subscriber.subscribed(1);
    const address = `127.0.0.1:${port}`;
    for (const raw of [{ address }, { address, username: 'camflow', password: 'wrong' }]) {
      const lines: string[] = [];
      const sink = await opened(raw, 'lines', lines);
      await expect(sink.write(batchOf(['no\n']), never)).rejects.toMatchObject({
        code: 'SINK_UNAVAILABLE',
        retryable: true,
        hint: 'Check username and password.',
      });
      await sleep(200);
      await sink.close();
      // Many attempts, one line.
      expect(lines.filter((line) => line.includes('username'))).toHaveLength(1);
      expect(lines.join('')).not.toContain('wrong');
    }
    const sink = await opened({ address, username: 'camflow', password: 'right' });
    await sink.write(batchOf(['yes\n']), never);
    await waitFor(() => subscriber.messages().length > 0);
    expect(subscriber.messages().map(textOf)).toEqual(['yes\n']);
    await sink.close();
    subscriber.end();
    await kill();
  });

  test('TLS: only a broker that the authority vouches for is written to', async () => {
    const file = (name: string): string => join(folder, name);
    const openssl = (...args: string[]): void => {
      execFileSync('openssl', args, { stdio: 'ignore' });
    };
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    for (const name of ['ca', 'other']) {
      openssl(
        'req',
        '-x509',
        ...key,
        '-days',
        '2',
        '-subj',
        `/CN=${name}`,
        '-keyout',
        file(`${name}.key`),
        '-out',
        file(`${name}.pem`),
      );
    }
    for (const name of ['broker', 'client']) {
      openssl(
        'req',
        ...key,
        '-subj',
        `/CN=${name}`,
        '-keyout',
        file(`${name}.key`),
        '-out',
        file(`${name}.csr`),
      );
      writeFileSync(file('names'), 'subjectAltName=DNS:broker.test\n');
      openssl(
        'x509',
        '-req',
        '-days',
        '2',
        '-in',
        file(`${name}.csr`),
        '-CA',
        file('ca.pem'),
        '-CAkey',
        file('ca.key'),
        '-CAcreateserial',
        '-extfile',
        file('names'),
        '-out',
        file(`${name}.pem`),
      );
    }
    const plain = await freePort();
    const { port, kill } = await startBroker(await freePort(), [
      `cafile ${file('ca.pem')}`,
      `certfile ${file('broker.pem')}`,
      `keyfile ${file('broker.key')}`,
      'require_certificate true',
      'allow_anonymous true',
      `listener ${plain} 127.0.0.1`,
    ]);
    const subscriber = subscribe(plain, 2);
    await subscriber.subscribed(1);
    const right = {
      address: `mqtts://127.0.0.1:${port}`,
      ca: file('ca.pem'),
      cert: file('client.pem'),
      key: file('client.key'),
      servername: 'broker.test',
    };
    const { cert: _cert, key: _key, ...anonymous } = right;
    for (const raw of [
      { ...right, ca: file('other.pem') },
      { ...right, servername: 'else.test' },
      anonymous,
    ]) {
      const sink = await opened(raw);
      await expect(sink.write(batchOf(['no\n']), never)).rejects.toMatchObject({ retryable: true });
      await sink.close();
    }
    for (const raw of [right, { ...right, ca: file('other.pem'), reject_unauthorized: 'false' }]) {
      const sink = await opened(raw);
      await sink.write(batchOf(['yes\n']), never);
      await sink.close();
    }
    await waitFor(() => subscriber.messages().length === 2);
    expect(subscriber.messages().map(textOf)).toEqual(['yes\n', 'yes\n']);
    subscriber.end();
    await kill();
  });

  test.each(['1', '2'])('qos %s: a broker that is killed again and again costs nothing', async (qos) => {
    const port = await freePort();
    let running = await startBroker(port);
    // At qos 0 the broker hands a message to the subscriber before it acknowledges it, and forgets it.
    const subscriber = subscribe(port, 0);
    await subscriber.subscribed(1);
    const sink = await opened({ address: `127.0.0.1:${port}`, qos, max_payload: '1000' });
    let kills = 0;
    let failures = 0;
    const total = 12_000;
    for (let from = 0; from < total; from += 3000) {
      const batch = batchOf(units(from, 3000));
      const killing = sleep(30).then(async () => {
        await running.kill();
        kills++;
      });
      let restarted = false;
      await writeUntilTaken(sink, batch, async () => {
        failures++;
        if (restarted) return;
        restarted = true;
        await killing;
        running = await startBroker(port);
        // A message that comes before its subscriber is delivered, but seen by nobody.
        await subscriber.subscribed(kills + 1);
      });
      await killing;
      if (!restarted) {
        running = await startBroker(port);
        await subscriber.subscribed(kills + 1);
      }
      batch.bytes.fill(0);
    }
    expect(failures).toBeGreaterThan(0);
    await sink.close();
    const received = (): string[] =>
      subscriber.messages().flatMap((message) => textOf(message).split(/(?<=\n)/));
    await waitFor(() => received().at(-1) === unit(total - 1));
    const first = [...new Set(received())];
    expect(first.length).toBe(total);
    expect(first.join('') === units(0, total).join('')).toBe(true);
    subscriber.end();
    await running.kill();
  });

  test('a broker that stops answering: a stop ends the write, and the units are let go of', async () => {
    const running = await startBroker(await freePort());
    const subscriber = subscribe(running.port, 2);
    await subscriber.subscribed(1);
    for (const payload of ['camflow', 'json'] as const) {
      const sink = await opened({ address: `127.0.0.1:${running.port}`, payload });
      await sink.write(batchOf(['first\n']), never);
      running.signal('SIGSTOP');
      const stop = new AbortController();
      const batch = batchOf(units(0, 5000));
      const write = sink.write(batch, stop.signal);
      await sleep(100);
      stop.abort();
      await expect(write).rejects.toMatchObject({ code: 'SINK_UNAVAILABLE', retryable: true });
      batch.bytes.fill(0);
      running.signal('SIGCONT');
      await writeUntilTaken(sink, batchOf(['last\n']), () => {});
      await sink.close();
      const text = (message: Message): string =>
        payload === 'json' ? message.payload.toString() : textOf(message);
      await waitFor(() => subscriber.messages().some((message) => text(message) === 'last\n'));
      expect(subscriber.messages().length).toBeGreaterThan(2);
      const stopped = subscriber.messages().map(text).join('');
      expect(`first\n${units(0, 5000).join('')}`.startsWith(stopped.slice(0, -'last\n'.length))).toBe(true);
      subscriber.forget();
    }
    subscriber.end();
    await running.kill();
  });

  test('an empty message tells every ten seconds that the recorder lives', async () => {
    const { port, kill } = await startBroker(await freePort());
    const subscriber = subscribe(port, 2, '-t', 'keepalive');
    await subscriber.subscribed(1);
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const sink = await opened({ address: `127.0.0.1:${port}` });
    await sink.write(batchOf(['x\n']), never);
    vi.advanceTimersByTime(20_000);
    const beats = (): Message[] => subscriber.messages().filter((message) => message.topic === 'keepalive');
    await waitFor(() => beats().length === 2);
    for (const beat of beats()) expect([beat.qos, beat.payload.length]).toEqual(['0', 0]);
    await sink.close();
    vi.useRealTimers();
    subscriber.end();
    await kill();
  });

  test('a broker may come after the recorder', async () => {
    const port = await freePort();
    const lines: string[] = [];
    const sink = await opened({ address: `127.0.0.1:${port}` }, 'lines', lines);
    await expect(sink.write(batchOf(['early\n']), never)).rejects.toMatchObject({
      code: 'SINK_UNAVAILABLE',
      retryable: true,
      cause: { code: 'ECONNREFUSED' },
    });
    expect(lines.some((line) => line.includes('ECONNREFUSED'))).toBe(true);
    const running = await startBroker(port);
    await writeUntilTaken(sink, batchOf(['early\n']), () => {});
    await sink.close();
    await running.kill();
  });
});

test('a broker that does not answer holds up nothing: a stop ends the write, and close ends', async () => {
  const sockets: Socket[] = [];
  const silent = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  const sink = await opened({ address: `127.0.0.1:${port}` });
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 50);
  const before = performance.now();
  await expect(sink.write(batchOf(['x\n']), stop.signal)).rejects.toMatchObject({
    code: 'SINK_UNAVAILABLE',
    retryable: true,
  });
  await expect(sink.write(batchOf(['x\n']), stop.signal)).rejects.toMatchObject({ retryable: true });
  await sink.close();
  expect(performance.now() - before).toBeLessThan(2000);
  for (const socket of sockets) socket.destroy();
  silent.close();
});

test('close is legal without open', async () => {
  const sink = make({});
  await sink.close();
  await sink.close();
});

test('a file of TLS that cannot be read is found before the start', async () => {
  const sink = make({ address: 'mqtts://localhost', ca: join(folder, 'absent.pem') });
  await expect(sink.check?.()).rejects.toMatchObject({ code: 'SINK_MISCONFIGURED' });
});
