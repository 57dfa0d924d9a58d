import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createConnection, createServer } from 'node:net';
import path from 'node:path';
import { until } from './scale.ts';

/** Whether the programs are there, or must be. */
export const haveBroker: boolean =
  process.env['CAMFLOW_TEST_SYSTEM'] === '1' ||
  ['mosquitto', 'mosquitto_sub'].every((name) => spawnSync(name, ['--help']).error === undefined);
/** For the name of a test: why it is skipped. */
export const brokerNote: string = haveBroker ? '' : ' (skipped: needs mosquitto and mosquitto-clients)';

/** A broker with one subscriber, each a process of its own. */
export class Broker {
  readonly port: number;
  readonly #config: string;
  readonly #qos: number;
  readonly #keeps: boolean;
  #broker: ChildProcess | undefined;
  #subscriber: ChildProcess | undefined;
  #text = '';

  private constructor(port: number, config: string, qos: number, keeps: boolean) {
    this.port = port;
    this.#config = config;
    this.#qos = qos;
    this.#keeps = keeps;
  }

  static async start(folder: string, qos: number, received: 'keep' | 'discard' = 'keep'): Promise<Broker> {
    const port = await freePort();
    const config = path.join(folder, `mosquitto-${port}.conf`);
    const settings = ['user root', 'persistence false', 'max_queued_messages 0', 'allow_anonymous true'];
    writeFileSync(config, [...settings, `listener ${port} 127.0.0.1`, ''].join('\n'));
    const broker = new Broker(port, config, qos, received === 'keep');
    await broker.restart();
    return broker;
  }

  /** Everything the subscriber got so far. */
  get text(): string {
    return this.#text;
  }

  /** Kills the broker without warning, and starts it and its subscriber anew. */
  async restart(): Promise<void> {
    this.kill();
    this.#broker = spawn('mosquitto', ['-c', this.#config], { stdio: 'ignore' });
    await until(() => accepts(this.port));
    if (!this.#keeps) return;
    const args = [
      '-h',
      '127.0.0.1',
      '-p',
      String(this.port),
      '-q',
      String(this.#qos),
      '-t',
      'camflow/#',
      '-d',
    ];
    const subscriber = spawn('stdbuf', ['-oL', 'mosquitto_sub', ...args, '-F', 'M%x'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    this.#subscriber = subscriber;
    let subscribed = false;
    let rest = '';
    subscriber.stdout.setEncoding('latin1').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop()!;
      for (const line of lines) {
        if (line.startsWith('Subscribed ')) subscribed = true;
        else if (line.startsWith('M')) this.#text += Buffer.from(line.slice(1), 'hex').toString();
      }
    });
    await until(() => subscribed);
  }

  kill(): void {
    this.#broker?.kill('SIGKILL');
    this.#subscriber?.kill('SIGKILL');
  }

  /** Settles when nothing has come for a while. */
  async quiet(): Promise<void> {
    for (let before = -1; before !== this.#text.length; ) {
      before = this.#text.length;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
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

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection(port, '127.0.0.1');
    socket.on('error', () => resolve(false));
    socket.on('connect', () => {
      socket.destroy();
      resolve(true);
    });
  });
}
