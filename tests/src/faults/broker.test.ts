import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startProgram } from '../system/programs.ts';
import { account, createWorkload, linesOf, type Workload } from './accounting.ts';
import { Broker, brokerNote, haveBroker } from './broker.ts';
import { scaled } from './scale.ts';

const kills = scaled(20, 3);
let root: string;
let workload: Workload;
beforeAll(async () => {
  root = mkdtempSync(path.join(tmpdir(), 'camflow-broker-'));
  workload = await createWorkload(root, scaled(400_000, 60_000));
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

test.skipIf(!haveBroker).each([1, 2])(
  `a broker that is killed ${kills} times at qos %i gets every record, and holds up no other output${brokerNote}`,
  { timeout: 900_000 },
  async (qos) => {
    const broker = await Broker.start(root, qos);
    try {
      const log = path.join(root, `beside-${qos}.log`);
      const daemon = startProgram(
        'camflowd',
        [
          'general.source=replay',
          `replay.path=${workload.folder}`,
          'general.format=spade_json',
          'general.output=mqtt,log',
          'general.slab_bytes=65536',
          `mqtt.address=127.0.0.1:${broker.port}`,
          `mqtt.qos=${qos}`,
          'mqtt.payload=json',
          'mqtt.reconnect_ms=50',
          `log.path=${log}`,
        ].flatMap((setting) => ['--set', setting]),
      );
      let inTheMiddle = 0;
      for (let kill = 0; kill < kills; kill++) {
        const before = broker.text.length;
        while (
          broker.text.length === before &&
          daemon.process.exitCode === null &&
          !/has ended/.test(daemon.stderr())
        )
          await sleep(5);
        await sleep(Math.random() * 100);
        if (!/has ended/.test(daemon.stderr())) inTheMiddle++;
        // What a broker has acknowledged and not passed on dies with it; that is not the recorder's to mend. So it
        // gets the time to pass it on, while the recorder stands still with messages under way.
        daemon.process.kill('SIGSTOP');
        await broker.passedOn();
        await broker.restart();
        daemon.process.kill('SIGCONT');
      }
      await daemon.said(/has ended/, 300_000);
      daemon.process.kill('SIGTERM');
      const { stderr } = await daemon.ended;
      await broker.passedOn();
      const total = workload.records.toLocaleString('en-US');
      expect(stderr.split(`${total} produced = ${total} delivered + 0 filtered + 0 dropped`).length - 1).toBe(
        2,
      );
      const { missing, repeats } = account(broker.text.split('\n').slice(0, -1), workload);
      console.log(`qos ${qos}: ${inTheMiddle} of ${kills} kills under load, ${repeats} repeats`);
      expect(missing).toBe(0);
      expect(inTheMiddle).toBeGreaterThanOrEqual(kills / 3);
      expect(account(linesOf(log), workload)).toEqual({ missing: 0, repeats: 0 });
    } finally {
      await broker.kill();
    }
  },
);
