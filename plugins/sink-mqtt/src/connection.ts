import { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { CamflowError } from '@camflow/api';
import { connect, type IClientOptions } from 'mqtt';

/** How long taking leave of the broker may last, in milliseconds. */
const leaveMs = 1000;

/** What names the units of a message. */
export interface MessageName {
  readonly unit: string;
  readonly units: string;
}

/** A connection that the broker has accepted. */
export interface Connection {
  /**
   * Publishes a message. Messages reach the broker in the order of the calls.
   * @param name - the identifier of its first unit, and how many units it holds: user properties, which MQTT 5 has
   * @returns settles when the broker acknowledged it (qos 1 and 2) or the socket took it (qos 0)
   * @throws CamflowError `SINK_UNAVAILABLE`, retryable, as soon as the connection is lost
   */
  publish(topic: string, payload: string | Buffer, qos: 0 | 1 | 2, name?: MessageName): Promise<void>;
  /** Resolves, with the reason, when the connection has ended. */
  readonly ended: Promise<CamflowError>;
  /** Takes leave of the broker; waits for a second at most. */
  leave(): Promise<void>;
}

/**
 * Connects to a broker, once. The session is clean: what was not acknowledged is given again by the run, so
 * neither the store of the client nor a session kept by the broker may bring it back on the next connection,
 * where it would come twice or late.
 *
 * @param signal - aborted to give up
 * @throws CamflowError `SINK_UNAVAILABLE`, retryable
 */
export async function connectToBroker(options: IClientOptions, signal: AbortSignal): Promise<Connection> {
  const client = connect({ ...options, clean: true, reconnectPeriod: 0, resubscribe: false });
  const waiting = new Set<(error: CamflowError) => void>();
  let cause: Error | undefined;
  let failure: CamflowError | undefined;
  client.on('error', (error) => {
    cause = error;
  });
  const ended = new Promise<CamflowError>((resolve) => {
    client.once('close', () => {
      failure = unavailable(options, cause);
      for (const reject of waiting) reject(failure);
      client.end(true);
      resolve(failure);
    });
  });
  const giveUp = (): void => {
    client.end(true);
  };
  signal.addEventListener('abort', giveUp, { once: true });
  const connected = new Promise<void>((resolve) => client.once('connect', () => resolve()));
  await Promise.race([connected, ended]);
  signal.removeEventListener('abort', giveUp);
  if (failure) throw failure;

  // Small packets that wait for company would hold up every message behind them.
  if (client.stream instanceof Socket) client.stream.setNoDelay(true);
  return {
    publish: (topic, payload, qos, name) =>
      new Promise((resolve, reject) => {
        // The client itself would trip over the store that it has closed.
        if (failure) return reject(failure);
        waiting.add(reject);
        const properties = name && { properties: { userProperties: { ...name } } };
        client.publish(topic, payload, { qos, ...properties }, (error) => {
          waiting.delete(reject);
          if (error) reject(unavailable(options, cause ?? error));
          else resolve();
        });
      }),
    ended,
    leave: async () => {
      await Promise.race([client.endAsync(false), sleep(leaveMs, undefined, { ref: false })]);
      client.stream.destroy();
    },
  };
}

function unavailable(
  { host, port }: IClientOptions,
  cause: (Error & { code?: unknown }) | undefined,
): CamflowError {
  // 4 and 5 are how the protocol (3.1.1, section 3.2.2.3) refuses a name and password.
  const refused = cause?.code === 4 || cause?.code === 5;
  return new CamflowError('SINK_UNAVAILABLE', `There is no connection to the broker ${host}:${port}`, {
    retryable: true,
    cause,
    ...(refused && { hint: 'Check username and password.' }),
  });
}
