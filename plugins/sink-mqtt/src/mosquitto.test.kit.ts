// Shared by the tests of this package: a broker and a subscriber, each a process of its own. The name keeps it
// out of the published files and out of the tests that are collected.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createConnection, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inflateSync } from 'node:zlib';

/** A folder for the files of a test; gone after {@link clearAway}. */
export const folder: string = mkdtempSync(join(tmpdir(), 'camflow-mqtt-'));
const children: ChildProcess[] = [];

/** Ends every process and removes every file. */
export function clearAway(): void {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
}

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
/** Whether the programs are there, or must be. */
export const broker: boolean =
  mustRun ||
  (present('mosquitto', '-h') && present('mosquitto_sub', '--help') && present('openssl', 'version'));
/** For the name of a test: why it is skipped. */
export const note: string = broker ? '' : ' (skipped: needs mosquitto, mosquitto-clients and openssl)';

/** A port on which nothing listens. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

export interface Broker {
  readonly port: number;
  kill(): Promise<void>;
  signal(name: NodeJS.Signals): void;
}

/** Starts mosquitto with a configuration of its own; ready when it accepts connections. */
export async function startBroker(
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

export interface Message {
  readonly topic: string;
  readonly qos: string;
  readonly payload: Buffer;
  /** What the format of the subscriber prints behind that. */
  readonly more: string;
}

export interface Subscriber {
  messages(): Message[];
  /** Waits until the broker has confirmed that many subscriptions: one more with each connection. */
  subscribed(times: number): Promise<void>;
  /** Begins `messages` anew. */
  forget(): void;
  end(): void;
}

/** mosquitto_sub in a process of its own; it connects again by itself. */
export function subscribe(port: number, qos: number, ...more: string[]): Subscriber {
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
          const [, topic = '', qos = '', hex = '', ...more] = line.split(' ');
          return { topic, qos, payload: Buffer.from(hex, 'hex'), more: more.join(' ') };
        }),
    subscribed: (times) => waitFor(() => lines('Subscribed ').length >= times),
    forget: () => {
      text = '';
    },
    end: () => child.kill('SIGKILL'),
  };
}

export async function waitFor(condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition(); waited += 10) {
    if (waited > 20_000) throw new Error('waited in vain');
    await sleep(10);
  }
}

/** The text in a payload of CamFlow's form. */
export function textOf(message: Message): string {
  return inflateSync(Buffer.from(message.payload.toString('latin1'), 'base64')).toString();
}
