// `pnpm soak`: many records through log and mqtt, with a broker that dies now and then; prints figures.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createStory, writeRelayDirectory } from '@camflow/testkit';
import { Broker } from '../faults/broker.ts';
import { startProgram } from '../system/programs.ts';
import { LogArrivals } from './log-arrivals.ts';

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '20000000' },
    'kill-seconds': { type: 'string', default: '30' },
  },
});
const root = mkdtempSync(path.join(tmpdir(), 'camflow-soak-'));
const relay = path.join(root, 'relay');
const each = writeRelayDirectory(relay, createStory({ records: 50_000, seed: 17 })).records;
const loop = Math.ceil(Number(values.records) / each);
const broker = await Broker.start(root, 1, 'count');
const log = path.join(root, 'log', 'audit.log');
const arrivals = new LogArrivals(log);
const daemon = startProgram(
  'camflowd',
  [
    `general.spool_dir=${path.join(root, 'spool')}`,
    'general.source=replay',
    `replay.path=${relay}`,
    `replay.loop=${loop}`,
    'general.format=spade_json',
    'general.output=log,mqtt',
    `log.path=${log}`,
    'log.rotate_size=268435456',
    'log.rotate_keep=8',
    `mqtt.address=127.0.0.1:${broker.port}`,
    'mqtt.qos=1',
    'mqtt.payload=json',
    'mqtt.max_payload=65536',
    'mqtt.reconnect_ms=100',
    'mqtt.spool_max_size=2147483648',
    'mqtt.spool_full=block',
    // The source is as fast as it can be read; a log on a busy disk is not.
    'log.spool_full=block',
  ].flatMap((setting) => ['--set', setting]),
);
const samples: { readonly rss: number; readonly files: number }[] = [];
const sampler = setInterval(() => {
  try {
    const status = readFileSync(`/proc/${daemon.process.pid}/status`, 'utf8');
    const rss = Number(/VmRSS:\s+(\d+)/.exec(status)![1]) * 1024;
    samples.push({ rss, files: readdirSync(`/proc/${daemon.process.pid}/fd`).length });
  } catch {
    // It has ended.
  }
}, 500);
let counting = Promise.resolve();
const counter = setInterval(() => {
  counting = counting.then(() => arrivals.countRotated());
}, 2000);
let kills = 0;
let restarting = Promise.resolve();
const killer = setInterval(() => {
  kills++;
  restarting = restarting.then(async () => {
    // What a broker has acknowledged and not passed on dies with it: it gets the time, while the recorder stands still.
    daemon.process.kill('SIGSTOP');
    await broker.passedOn();
    await broker.restart();
    daemon.process.kill('SIGCONT');
  });
}, Number(values['kill-seconds']) * 1000);
const before = performance.now();
await daemon.said(/has ended/, 24 * 3_600_000);
const seconds = (performance.now() - before) / 1000;
clearInterval(killer);
await restarting;
clearInterval(sampler);
daemon.process.kill('SIGTERM');
const { stderr, status } = await daemon.ended;
await broker.passedOn();
await broker.kill();
clearInterval(counter);
await counting;
await arrivals.countAll();
rmSync(root, { recursive: true });

const balances = [...stderr.matchAll(/balance: ([^"\n]*)/g)].map((match) => match[1]!);
const quarter = (index: number, of: 'rss' | 'files'): number => {
  const size = samples.length / 4;
  const part = samples.slice(Math.floor(index * size), Math.ceil((index + 1) * size));
  return part.reduce((sum, sample) => sum + sample[of], 0) / part.length;
};
const growth = (of: 'rss' | 'files'): number => quarter(3, of) / quarter(1, of);
const lines = [
  `| Records | ${(loop * each).toLocaleString('en-US')} in ${seconds.toFixed(0)} s |`,
  `| Broker killed | ${kills} times |`,
  `| Memory, last quarter to second | ${growth('rss').toFixed(3)} (${Math.round(quarter(3, 'rss') / 1e6)} MB) |`,
  `| Open files, last quarter to second | ${growth('files').toFixed(3)} (${quarter(3, 'files').toFixed(1)}) |`,
  `| Lines that are or were in the log | ${arrivals.lines.toLocaleString('en-US')} |`,
  `| Bytes of the log, and that a subscriber got | ${arrivals.bytes.toLocaleString('en-US')}, ${broker.bytes.toLocaleString('en-US')} |`,
  ...balances.map((balance) => `| Balance | ${balance} |`),
];
console.log(lines.join('\n'));
const page = `# Soak

Written by \`pnpm soak\`: records through log and mqtt (qos 1), with a broker that is killed every ${values['kill-seconds']} seconds.

| | |
| --- | --- |
${lines.join('\n')}
`;
writeFileSync(fileURLToPath(new URL('../../../docs/soak.md', import.meta.url)), page);
const total = (loop * each).toLocaleString('en-US');
const closes = (balance: string): boolean =>
  balance.startsWith(`${total} produced = ${total} delivered + 0 filtered + 0 dropped`);
/** Each with whether it holds. */
const conditions: readonly (readonly [what: string, holds: boolean])[] = [
  ['the recorder ends in order', status === 0],
  ['the balances close', balances.length === 2 && balances.every(closes)],
  ['memory is flat within 5 %', growth('rss') <= 1.05],
  ['open files are flat within 5 %', growth('files') <= 1.05],
  ['the log has every record once', arrivals.lines === loop * each],
  // At qos 1 some come twice.
  ['the subscriber has as much as the log, at least', broker.bytes >= arrivals.bytes],
];
for (const [what] of conditions.filter(([, holds]) => !holds)) {
  console.error(`Does not hold: ${what}.`);
  process.exitCode = 1;
}
