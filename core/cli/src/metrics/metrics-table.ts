import type { OutputFigures, RunFigures } from '@camflow/runtime';

/** One value of a metric. */
export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** One metric: docs/metrics.md lists them, and a test holds the page against this table. */
export interface Metric {
  readonly name: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  readonly labels: readonly string[];
  samples(figures: RunFigures, nowMs: number): readonly Sample[];
}

const one = (value: number): Sample[] => [{ labels: {}, value }];

function perOutput(value: (output: OutputFigures, nowMs: number) => number | undefined) {
  return (figures: RunFigures, nowMs: number): Sample[] =>
    figures.outputs.flatMap((output) => {
      const found = value(output, nowMs);
      return found === undefined ? [] : [{ labels: { output: output.balance.output }, value: found }];
    });
}

/** How far an output is behind. */
function lagMs({ balance, health, spool }: OutputFigures, nowMs: number): number {
  if (balance.pending === 0) return 0;
  // What an earlier run left in the spool has no better known age than that of the spool.
  const { waitingSinceMs } = health;
  return waitingSinceMs === undefined ? (spool?.oldestMs ?? 0) : Math.max(0, nowMs - waitingSinceMs);
}

function counts(
  labels: Readonly<Record<string, string>>,
  causes: Readonly<Record<string, number>>,
): Sample[] {
  return Object.entries(causes).map(([cause, value]) => ({ labels: { ...labels, cause }, value }));
}

const counter = (
  name: string,
  help: string,
  labels: readonly string[],
  samples: Metric['samples'],
): Metric => ({ name: `camflow_${name}_total`, type: 'counter', help, labels, samples });

const gauge = (
  name: string,
  help: string,
  labels: readonly string[],
  samples: Metric['samples'],
): Metric => ({ name: `camflow_${name}`, type: 'gauge', help, labels, samples });

/** Every metric, in the order of the way that records take. */
export const metrics: readonly Metric[] = [
  gauge('up', 'Whether records are read: 1, or 0 while starting, draining or failed', [], ({ state }) =>
    one(state === 'running' ? 1 : 0),
  ),
  counter('source_records', 'Records read from the source', [], ({ recordsRead }) => one(recordsRead)),
  counter('source_bytes', 'Bytes read from the source', [], ({ bytesRead }) => one(bytesRead)),
  counter('source_batches', 'Batches read from the source', [], ({ batches }) => one(batches)),
  counter('source_lost_records', 'Records that the source lost', ['cause'], ({ sourceLoss }) =>
    counts({}, sourceLoss),
  ),
  counter('stream_records', 'Records of one stream', ['stream'], ({ streams }) =>
    streams.map(({ stream, records }) => ({
      labels: { stream: `${stream.kind}${stream.cpu}` },
      value: records,
    })),
  ),
  counter('stream_bytes', 'Bytes of one stream', ['stream'], ({ streams }) =>
    streams.map(({ stream, bytes }) => ({ labels: { stream: `${stream.kind}${stream.cpu}` }, value: bytes })),
  ),
  gauge('slabs', 'Slabs of memory for raw records', [], ({ slabs }) => one(slabs)),
  gauge('slabs_free', 'Slabs that are free; at 0 nothing is read', [], ({ slabsFree }) => one(slabsFree)),
  gauge('names', 'Names of files that are remembered', [], ({ namesKnown }) => one(namesKnown)),
  counter('names_evicted', 'Names that were forgotten for want of room', [], ({ namesEvicted }) =>
    one(namesEvicted),
  ),
  counter('worker_batches', 'Batches that a worker thread processed', ['thread'], ({ workers }) =>
    workers.map(({ thread, batches }) => ({ labels: { thread: String(thread) }, value: batches })),
  ),
  counter('worker_records', 'Records that a worker thread processed', ['thread'], ({ workers }) =>
    workers.map(({ thread, records }) => ({ labels: { thread: String(thread) }, value: records })),
  ),
  counter('worker_busy_seconds', 'Time that a worker thread spent on batches', ['thread'], ({ workers }) =>
    workers.map(({ thread, busyMs }) => ({ labels: { thread: String(thread) }, value: busyMs / 1000 })),
  ),
  counter('workers_replaced', 'Worker threads that died and were replaced', [], ({ workersReplaced }) =>
    one(workersReplaced),
  ),
  counter('gaps', 'Gaps that were put into the output', [], ({ gapsTold }) => one(gapsTold)),
  counter(
    'output_produced_records',
    'Records that an output is to account for',
    ['output'],
    perOutput(({ balance }) => balance.resumed + balance.produced),
  ),
  counter(
    'output_delivered_records',
    'Records that an output acknowledged',
    ['output'],
    perOutput(({ balance }) => balance.delivered),
  ),
  counter(
    'output_filtered_records',
    'Records that the policy or the format of an output leaves out',
    ['output'],
    perOutput(({ balance }) => balance.filtered),
  ),
  counter('output_lost_records', 'Records that an output lost', ['output', 'cause'], ({ outputs }) =>
    outputs.flatMap(({ balance }) => counts({ output: balance.output }, balance.dropped)),
  ),
  counter(
    'output_unknown_gaps',
    'Gaps of which nobody knows how many records they are',
    ['output', 'cause'],
    ({ outputs }) =>
      outputs.flatMap(({ balance }) => counts({ output: balance.output }, balance.unknownGaps)),
  ),
  gauge(
    'output_pending_records',
    'Records that wait for an output',
    ['output'],
    perOutput(({ balance }) => balance.pending),
  ),
  counter(
    'output_units',
    'Units that an output acknowledged',
    ['output'],
    perOutput(({ balance }) => balance.units),
  ),
  counter(
    'output_bytes',
    'Bytes that an output acknowledged',
    ['output'],
    perOutput(({ balance }) => balance.bytes),
  ),
  counter(
    'output_retries',
    'Batches that an output did not take at once',
    ['output'],
    perOutput(({ health }) => health.retries),
  ),
  gauge(
    'output_up',
    'Whether an output takes what it is given: 0 once it failed, or a write has not ended for 5 seconds',
    ['output'],
    perOutput(({ health }) => (health.downForMs === undefined ? 1 : 0)),
  ),
  gauge(
    'output_down_seconds',
    'How long an output has taken nothing, while it is not up; else 0',
    ['output'],
    perOutput(({ health }) => (health.downForMs ?? 0) / 1000),
  ),
  gauge(
    'output_full_seconds',
    'How long an output has had no room for more, so that nothing is read, from 5 seconds on; else 0',
    ['output'],
    perOutput(({ health }) => (health.fullForMs ?? 0) / 1000),
  ),
  gauge(
    'output_lag_seconds',
    'Age of the oldest records that wait for an output, or while it takes some, of those it took last; 0 where none wait',
    ['output'],
    perOutput((output, nowMs) => lagMs(output, nowMs) / 1000),
  ),
  gauge(
    'spool_records',
    'Records in the spool of an output',
    ['output'],
    perOutput(({ spool }) => spool?.records),
  ),
  gauge(
    'spool_bytes',
    'Bytes of the spool of an output',
    ['output'],
    perOutput(({ spool }) => spool?.sizeBytes),
  ),
  gauge(
    'spool_max_bytes',
    'Bytes that the spool of an output may have',
    ['output'],
    perOutput(({ spool }) => spool?.maxSizeBytes),
  ),
  gauge(
    'spool_oldest_seconds',
    'How long the oldest units in the spool of an output have waited, at most',
    ['output'],
    perOutput(({ spool }) => spool && spool.oldestMs / 1000),
  ),
];
