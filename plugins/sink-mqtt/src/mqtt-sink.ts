import { crc32 } from 'node:zlib';
import {
  CamflowError,
  groupUnits,
  type Sink,
  type SinkContext,
  type SinkStart,
  sinkStopped,
  type UnitBatch,
  type UnitGroup,
  unitId,
} from '@camflow/api';
import { BrokerLink } from './broker-link.ts';
import type { MessageName } from './connection.ts';
import type { MqttOptions } from './options.ts';
import { encodePayload } from './payload.ts';
import { readTlsFiles } from './tls-files.ts';

/** As CamFlow: an empty message every ten seconds tells subscribers that the recorder lives. */
const heartbeatTopic = 'keepalive';
const heartbeatMs = 10_000;
/** As CamFlow: silence after which client and broker ask whether the other is there, in seconds. */
const keepaliveSeconds = 20;
const connectTimeoutMs = 10_000;

/**
 * Publishes units to a broker. Delivered means, at qos 1 and 2: acknowledged by the broker; at qos 0: handed
 * to the socket.
 */
export class MqttSink implements Sink {
  readonly #options: MqttOptions;
  readonly #context: SinkContext;
  readonly #name: string;
  #link: BrokerLink | undefined;
  #topic = '';
  /** The batch that was given last, and how many of its messages, from the first on, are acknowledged. */
  #given: { readonly units: UnitBatch; acknowledged: number } | undefined;
  #heartbeat: NodeJS.Timeout | undefined;

  constructor(options: MqttOptions, context: SinkContext) {
    this.#options = options;
    this.#context = context;
    this.#name = `the broker ${options.address.host}:${options.address.port}`;
  }

  /** Reads the files of TLS; does not connect. */
  async check(): Promise<void> {
    await readTlsFiles(this.#options);
  }

  /** Begins to connect, and goes on in the background until the broker is there. */
  async open({ origin }: SinkStart): Promise<void> {
    const { address, username, password, servername, rejectUnauthorized, reconnectMs } = this.#options;
    const machine = String(origin.machineId >>> 0);
    this.#topic = this.#options.topic + machine;
    this.#link = new BrokerLink(
      {
        protocol: address.tls ? 'mqtts' : 'mqtt',
        host: address.host,
        port: address.port,
        // 3.1.1, which is what every broker speaks; the names of units need 5.
        protocolVersion: this.#options.unitIds ? 5 : 4,
        clientId: this.#options.clientId ?? machine,
        ...(username !== '' && { username }),
        ...(password !== '' && { password }),
        keepalive: keepaliveSeconds,
        connectTimeout: connectTimeoutMs,
        ...(address.tls && { ...(await readTlsFiles(this.#options)), rejectUnauthorized }),
        ...(servername !== undefined && { servername }),
      },
      reconnectMs,
      this.#context.log,
    );
    this.#heartbeat = setInterval(() => this.#beat(), heartbeatMs).unref();
  }

  async write(units: UnitBatch, signal: AbortSignal): Promise<undefined> {
    if (signal.aborted) throw sinkStopped(this.#name);
    let stop = (): void => {};
    const stopped = new Promise<never>((_, reject) => {
      stop = () => reject(sinkStopped(this.#name));
    });
    signal.addEventListener('abort', stop);
    try {
      await Promise.race([this.#publishAll(units, signal), stopped]);
    } finally {
      signal.removeEventListener('abort', stop);
    }
    return undefined;
  }

  async close(): Promise<void> {
    clearInterval(this.#heartbeat);
    const link = this.#link;
    this.#link = undefined;
    await link?.close();
  }

  async #publishAll(units: UnitBatch, signal: AbortSignal): Promise<void> {
    const connection = await this.#opened().connection();
    const { payload: form, qos, maxPayloadBytes, maxInFlight } = this.#options;
    // A batch that is given again after a broken connection goes on where the broker had acknowledged.
    if (this.#given?.units !== units) this.#given = { units, acknowledged: 0 };
    const given = this.#given;
    const skip = given.acknowledged;
    const waiting: Promise<void>[] = [];
    let index = 0;
    const acknowledged = async (): Promise<void> => {
      await waiting.shift();
      given.acknowledged++;
    };
    for (const group of groupUnits(units, this.#context.format.framing, maxPayloadBytes)) {
      if (index++ < skip) continue;
      // From the moment of a stop on, the units are no longer this output's to read.
      if (signal.aborted) return;
      const payload = await encodePayload(group.bytes, form);
      if (signal.aborted) return;
      const published = connection.publish(this.#topic, payload, qos, this.#nameOf(units, group));
      // When the connection is lost all of them fail; the first that is waited for tells it.
      published.catch(() => {});
      waiting.push(published);
      if (waiting.length === maxInFlight) await acknowledged();
    }
    while (waiting.length > 0) await acknowledged();
  }

  /** After its first unit; one of several after all of them: others may follow the first when it comes again. */
  #nameOf(units: UnitBatch, { first, count }: UnitGroup): MessageName | undefined {
    const unit = this.#options.unitIds ? unitId(units, first) : undefined;
    if (unit === undefined) return undefined;
    if (count === 1) return { unit, units: '1' };
    let digest = 0;
    for (let i = first; i < first + count; i++) digest = crc32(unitId(units, i)!, digest);
    return { unit: `${unit}+${digest.toString(16).padStart(8, '0')}`, units: String(count) };
  }

  #beat(): void {
    // A message that does not get through is worth no word: the next one follows.
    this.#link
      ?.connection()
      .then((connection) => connection.publish(heartbeatTopic, '', 0))
      .catch(() => {});
  }

  #opened(): BrokerLink {
    if (this.#link) return this.#link;
    throw new CamflowError('PIPELINE_STATE', `The connection to ${this.#name} is not open`);
  }
}
