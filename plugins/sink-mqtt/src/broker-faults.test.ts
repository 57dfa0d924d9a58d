import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, test, vi } from 'vitest';
import {
  broker,
  clearAway,
  freePort,
  type Message,
  note,
  startBroker,
  subscribe,
  textOf,
  waitFor,
} from './mosquitto.test.kit.ts';
import { batchOf, never, opened, unit, units, writeUntilTaken } from './sink.test.kit.ts';

// A broker is killed again and again: some fifteen seconds on a quiet machine.
vi.setConfig({ testTimeout: 300_000 });

afterAll(clearAway);

describe.skipIf(!broker)(`a broker that fails${note}`, () => {
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
      // Long enough, on a busy machine too, for some of it to leave before the stop.
      await sleep(1000);
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
