// Runs in the guest: records one workload under every policy twice, the programs leaving out what they can, and then
// nothing, and writes both to the file that it is given, for the workers' filter; sheds and restarts, and writes what
// became of that as JSON to standard output.
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  abiBpf1,
  type CaptureSource,
  type LossCounters,
  nodeTypeNamed,
  type RecordFilter,
  type RecordType,
  relationTypeNamed,
} from '@camflow/api';
import { Channel, openControl, relationCounts } from '@camflow/kernel';
import sourceKernel from '@camflow/source-kernel';
import { acceptedOptions, createTestLogger } from '@camflow/testkit';
import { GraphReader, type RecordSlice } from '../capture/captured-graph.ts';
import { compilePolicy } from './compile-policy.ts';
import { pushDownCases } from './push-down-cases.ts';
import { packRecordedCases, type RecordedCase } from './recorded-cases.ts';

const program = '/root/bin/flows';
const work = '/root/work';
const [recordedFile = ''] = process.argv.slice(2);

/** What one recording brought. */
interface Recorded {
  readonly slices: readonly RecordSlice[];
  readonly shed: number;
}

const control = openControl({ load: true, ringBytes: 1 << 24 });
const options = await acceptedOptions(sourceKernel, { socket: 'off', poll_ms: '1' });

function createSource(): CaptureSource {
  return sourceKernel.create(options, { log: createTestLogger(), section: 'kernel' });
}

function workload(): void {
  const cwd = `${work}/folder`;
  rmSync(cwd, { recursive: true, force: true });
  mkdirSync(cwd);
  writeFileSync(`${cwd}/in`, 'in\n');
  control.files.mark(`${cwd}/in`, { tracked: true, propagate: true });
  for (const words of [
    ['copy', 'in', 'out'],
    ['through', 'exec', 'out', 'final'],
  ]) {
    const { status, stderr } = spawnSync(program, words, { cwd, env: { A: '1' }, encoding: 'utf8' });
    if (status !== 0) throw new Error(`${words.join(' ')}: ${stderr}`);
  }
}

interface Recording {
  readonly pushDown?: RecordFilter | null;
  /** Types that the source is told to shed once it records. */
  readonly shed?: readonly RecordType[];
  /** Whether what it gave is taken over; not as if the recorder was killed. Default true. */
  readonly commits?: boolean;
  /** What is recorded. Default the workload. */
  readonly work?: () => void;
}

/** Records with a source of its own. */
async function record(recording: Recording = {}): Promise<Recorded> {
  const { pushDown = null, shed = [], commits = true, work = workload } = recording;
  const source = createSource();
  const stop = new AbortController();
  const slices: RecordSlice[] = [];
  const slab = { index: 0, bytes: new Uint8Array(8 << 20) };
  let lost = 0;
  const take = async (): Promise<boolean> => {
    const batch = await source.read(slab, stop.signal);
    if (batch === null) return false;
    const { stream, byteLength, loss, id } = batch;
    lost += (loss as LossCounters).shed ?? 0;
    if (byteLength > 0)
      slices.push({ abi: abiBpf1.id, stream, payload: Buffer.from(slab.bytes.slice(0, byteLength)) });
    if (commits) source.commit(id);
    return true;
  };
  await source.open(stop.signal, pushDown);
  // Capture begins with the first read, which waits for something to read.
  const first = take();
  source.shed?.(shed);
  work();
  stop.abort();
  for (let more = await first; more; ) more = await take();
  await source.close();
  return { slices, shed: lost };
}

mkdirSync(work, { recursive: true });
control.switches.set('all', false);
control.switches.set('enabled', true);
// What comes only with the first runs of a program is not to be in the way.
for (let warm = 0; warm < 2; warm++) await record();

const { capabilities } = createSource();
const recorded = new Map<string, RecordedCase>();
for (const { name, policy } of pushDownCases) {
  const { hash, pushDown } = await compilePolicy(policy, capabilities);
  // What ends late is not to be found among what was never to be written.
  await sleep(500);
  await record({ work: () => {} });
  const { slices: pushed } = await record({ pushDown });
  const { slices: whole } = await record();
  recorded.set(name, { hash, pushed, whole });
}
writeFileSync(recordedFile, packRecordedCases(recorded));

const shedTypes = [relationTypeNamed('perm_check')!, nodeTypeNamed('argv')!];
const isShed = (view: { type: RecordType }): boolean => shedTypes.includes(view.type);

/** What came of relations that are shed, but for those that nobody wants to see. */
function offered(): number {
  const { written = 0, compressed = 0 } = relationCounts(Channel.main).get('perm_check') ?? {};
  return written + compressed;
}

const before = offered();
const plain = await record();
const counted = new GraphReader();
for (const slice of plain.slices) counted.add(slice, isShed);
const expected = offered() - before + counted.graph().snapshots.length;
const shedding = await record({ shed: shedTypes, commits: false });
const left = new GraphReader();
for (const slice of shedding.slices) left.add(slice, isShed);
const again = await record();
const after = await record();
const shed = {
  expected,
  told: shedding.shed,
  written: left.graph().relations.length + left.graph().snapshots.length,
  toldAgain: again.shed,
  toldAfter: after.shed,
};
control.switches.set('enabled', false);
control.close();
process.stdout.write(`${JSON.stringify(shed)}\n`);
