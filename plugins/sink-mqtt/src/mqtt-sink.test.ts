import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, test, vi } from 'vitest';
import {
  broker,
  clearAway,
  folder,
  freePort,
  type Message,
  note,
  startBroker,
  subscribe,
  textOf,
  waitFor,
} from './mosquitto.test.kit.ts';
import { batchOf, machineId, make, never, opened, units } from './sink.test.kit.ts';

afterAll(clearAway);

const topic = `camflow/provenance/${machineId}`;

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

  test('unit_ids: every message is named after its units and says how many there are, the same when they come again', async () => {
    const { port, kill } = await startBroker(await freePort());
    const subscriber = subscribe(port, 1, '-V', '5', '-F', 'MESSAGE %t %q %x %P');
    await subscriber.subscribed(1);
    const source = {
      numbering: 'n',
      stream: { cpu: 2, kind: 'short' as const },
      firstSequence: 700,
      firstUnit: 5,
    };
    const batch = { ...batchOf(units(0, 300)), source };
    const raw = { address: `127.0.0.1:${port}`, payload: 'json', unit_ids: 'true', max_payload: '4096' };
    const named = (messages: Message[]): Map<string, string> => {
      const seen = new Map<string, string>();
      for (const { payload, more } of messages) {
        const [, unit, count] = /^unit:(\S+) units:(\d+)$/.exec(more) ?? [];
        const text = payload.toString();
        expect(text.split('\n').length - 1).toBe(Number(count));
        expect(seen.get(unit!) ?? text).toBe(text);
        seen.set(unit!, text);
      }
      return seen;
    };
    // A run that is killed gives a batch again, through another connection.
    for (let run = 1; run <= 2; run++) {
      const sink = await opened(raw);
      await sink.write(batch, never);
      await sink.close();
      await waitFor(
        () =>
          subscriber.messages().reduce((sum, { payload }) => sum + payload.length, 0) >=
          run * batch.bytes.length,
      );
    }
    const messages = subscriber.messages();
    const seen = named(messages);
    expect(seen.size * 2).toBe(messages.length);
    expect(seen.size).toBeGreaterThan(5);
    expect([...seen.values()].join('')).toBe(units(0, 300).join(''));
    // Others behind the same first unit make another message.
    const fewer = await opened({ ...raw, max_payload: '2048' });
    await fewer.write(batch, never);
    await fewer.close();
    await waitFor(() => named(subscriber.messages()).size > 2 * seen.size);
    let index = 5;
    for (const [unit, text] of seen) {
      expect(unit.replace(/\+[0-9a-f]{8}$/, '')).toBe(`n/short2/700/${index}`);
      index += text.split('\n').length - 1;
    }
    subscriber.end();
    await kill();
  });

  test('topic and client identifier may be set', async () => {
    const { port, kill } = await startBroker(await freePort());
    const subscriber = subscribe(port, 2, '-t', 'elsewhere/#');
    await subscriber.subscribed(1);
    const raw = { address: `127.0.0.1:${port}`, topic: 'elsewhere/', client_id: 'one' };
    const lines: string[] = [];
    const first = await opened({ ...raw, reconnect_ms: '60000' }, 'lines', lines);
    await first.write(batchOf(['x\n']), never);
    await waitFor(() => subscriber.messages().length === 1);
    expect(subscriber.messages()[0]!.topic).toBe(`elsewhere/${machineId}`);
    // A broker allows one client of a name: the older connection goes.
    const second = await opened(raw);
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
