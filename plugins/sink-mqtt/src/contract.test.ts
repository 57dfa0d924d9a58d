import { join } from 'node:path';
import { type SinkSubject, sinkSuite } from '@camflow/testkit';
import { afterAll, describe, test } from 'vitest';
import definition from './index.ts';
import {
  broker,
  clearAway,
  folder,
  freePort,
  note,
  startBroker,
  subscribe,
  textOf,
} from './mosquitto.test.kit.ts';

afterAll(clearAway);

/** A broker of its own, with a subscriber. */
async function createPlace(payload: string, qos: string): Promise<SinkSubject> {
  const { port, signal, kill } = await startBroker(await freePort());
  const subscriber = subscribe(port, Number(qos));
  await subscriber.subscribed(1);
  const options = { address: `127.0.0.1:${port}`, payload, qos, reconnect_ms: '50' };
  return {
    options,
    unusable: { ...options, address: `mqtts://127.0.0.1:${port}`, ca: join(folder, 'missing.pem') },
    readBack: async () => {
      const messages = subscriber.messages();
      return Buffer.concat(messages.map((it) => (payload === 'json' ? it.payload : Buffer.from(textOf(it)))));
    },
    stall: async () => signal('SIGSTOP'),
    resume: async () => signal('SIGCONT'),
    dispose: async () => {
      subscriber.end();
      await kill();
    },
  };
}

describe.skipIf(!broker).each([
  ['camflow', '2'],
  ['json', '1'],
])(`the contract of outputs, payload=%s qos=%s${note}`, (payload, qos) => {
  sinkSuite({ test, definition, factory: () => createPlace(payload, qos), cannot: ['footprint'] });
});
