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

/** What becomes of what a subscriber gets: it is kept, or its bytes are counted; or there is no subscriber. */
type Received = 'keep' | 'count' | 'discard';

/** A broker with one subscriber, each a process of its own. */
export class Broker {
  readonly port: number;
  readonly #config: string;
  readonly #qos: number;
  readonly #received: Received;
  #broker: ChildProcess | undefined;
  #subscriber: ChildProcess | undefined;
  #text = '';
  #bytes = 0;
  #marks = 0;
  #lastMark = '';

  private constructor(port: number, config: string, qos: number, received: Received) {
    this.port = port;
    this.#config = config;
    this.#qos = qos;
    this.#received = received;
  }

  static async start(folder: string, qos: number, received: Received = 'keep'): Promise<Broker> {
    const port = await freePort();
    const config = path.join(folder, `mosquitto-${port}.conf`);
    const settings = ['user root', 'persistence false', 'max_queued_messages 0', 'allow_anonymous true'];
    writeFileSync(config, [...settings, `listener ${port} 127.0.0.1`, ''].join('\n'));
    const broker = new Broker(port, config, qos, received);
    await broker.restart();
    return broker;
  }

  /** Everything the subscriber got so far. */
  get text(): string {
    return this.#text;
  }

  /** How many bytes the subscriber got so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Kills the broker without warning, and starts it and its subscriber anew. */
  async restart(): Promise<void> {
    await this.kill();
    const broker = spawn('mosquitto', ['-c', this.#config], { stdio: 'ignore' });
    this.#broker = broker;
    await until(() => {
      if (broker.exitCode !== null) throw new Error(`the broker ended with ${broker.exitCode}`);
      return accepts(this.port);
    });
    if (this.#received === 'discard') return;
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
    const subscriber = spawn(
      'stdbuf',
      ['-oL', 'mosquitto_sub', ...args, '-F', this.#received === 'count' ? 'M%t %l' : 'M%x'],
      {
        stdio: ['ignore', 'pipe', 'ignore'],
      },
    );
    this.#subscriber = subscriber;
    let subscribed = false;
    let rest = '';
    subscriber.stdout.setEncoding('latin1').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop()!;
      for (const line of lines) {
        if (line.startsWith('Subscribed ')) subscribed = true;
        else if (line.startsWith('M')) this.#take(line.slice(1));
      }
    });
    await until(() => {
      if (subscriber.exitCode !== null) throw new Error(`the subscriber ended with ${subscriber.exitCode}`);
      return subscribed;
    });
  }

  /** Settles when both are gone: the port is free then. */
  async kill(): Promise<void> {
    const running = [this.#broker, this.#subscriber].filter((each) => each !== undefined);
    this.#broker = undefined;
    this.#subscriber = undefined;
    await Promise.all(
      running.map(async (each) => {
        if (each.exitCode !== null || each.signalCode !== null) return;
        const exit = once(each, 'exit');
        each.kill('SIGKILL');
        await exit;
      }),
    );
  }

  /**
   * Settles when the subscriber has everything that the broker took from others, who stand still: what is published
   * now comes behind it, and nothing else came in between.
   */
  async passedOn(): Promise<void> {
    for (let before = -1; before !== this.#bytes; ) {
      before = this.#bytes;
      // Told by its text, or where only lengths are known by its length.
      const mark = this.#received === 'count' ? 'x'.repeat(++this.#marks) : `${markStart}${++this.#marks}`;
      const to = ['-h', '127.0.0.1', '-p', String(this.port), '-q', String(this.#qos), '-t', markTopic];
      const publisher = spawn('mosquitto_pub', [...to, '-m', mark], { stdio: 'ignore' });
      const [status] = await once(publisher, 'exit');
      if (status !== 0) throw new Error(`the publisher ended with ${status}`);
      await until(() => this.#lastMark === mark);
    }
  }

  #take(said: string): void {
    if (this.#received === 'count') {
      const [topic, length] = said.split(' ');
      if (topic === markTopic) this.#lastMark = 'x'.repeat(Number(length));
      else this.#bytes += Number(length);
      return;
    }
    const message = Buffer.from(said, 'hex').toString();
    if (message.startsWith(markStart)) {
      this.#lastMark = message;
      return;
    }
    this.#text += message;
    this.#bytes += message.length;
  }
}

const markTopic = 'camflow/mark';
const markStart = 'mark ';

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
