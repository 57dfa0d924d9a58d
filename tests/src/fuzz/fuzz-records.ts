import type { FormatDefinition, Formatter } from '@camflow/api';
import spadeJson from '@camflow/format-spade-json';
import w3c from '@camflow/format-w3c';
import {
  acceptedOptions,
  ContextTable,
  createMemory,
  createRandom,
  createRecordBatch,
  NameTable,
  type TestBatch,
  UnitCollector,
} from '@camflow/testkit';
import { problemWith } from './check-units.ts';
import type { Corpus } from './corpus.ts';
import { mutateRecord } from './mutate-record.ts';
import type { Failure, Progress } from './progress.ts';

const batchRecords = { short: 2048, long: 256 } as const;
/** Names are forgotten now and then, so that records with and without a known name are tried. */
const batchesPerNames = 40;

/** What was tried. */
export interface RecordFuzzing {
  readonly records: number;
  readonly malformed: number;
  readonly units: number;
  readonly outputBytes: number;
}

interface Trial {
  readonly format: string;
  readonly formatter: Formatter;
}

async function createTrials(memory: Uint8Array): Promise<Trial[]> {
  const trials: Trial[] = [];
  for (const definition of [spadeJson, w3c] as FormatDefinition<unknown>[]) {
    for (const dialect of ['default', 'camflow']) {
      const options = await acceptedOptions(definition, { dialect });
      const formatter = definition.create(options, { section: definition.name, memory });
      trials.push({ format: definition.name, formatter });
    }
  }
  return trials;
}

/** Formats a batch; says what is wrong. */
function problemOf({ format, formatter }: Trial, batch: TestBatch, out: UnitCollector): string | undefined {
  out.reset();
  try {
    formatter.format(batch, out);
  } catch (error) {
    return `threw ${String(error)}`;
  }
  return problemWith(out, batch.count, format);
}

/**
 * Puts mutated records through the scan and both text formats in both dialects.
 * @param count - how many records; fewer where `progress` says that time is up
 * @throws Failure with the records at fault, narrowed to one where one alone fails
 */
export async function fuzzRecords(
  corpora: readonly Corpus[],
  count: number,
  seed: number,
  progress: Progress,
): Promise<RecordFuzzing> {
  const memory = createMemory(batchRecords.long * 4280);
  const trials = await createTrials(memory);
  const out = new UnitCollector();
  const names = new NameTable();
  const securityContexts = new ContextTable([
    [1, 'say "context"'],
    [2, '\u0000\ud800\n'],
  ]);
  const done = { records: 0, malformed: 0, units: 0, outputBytes: 0 };
  for (let index = 0; done.records < count && !progress.timeIsUp(); index++) {
    progress.step(index);
    // Each batch has a seed of its own: it can be made again without those before it, except for names.
    const random = createRandom(seed + index);
    const corpus = corpora[index % 4 === 3 ? 1 : 0]!;
    const records = Math.min(batchRecords[corpus.kind], count - done.records);
    const bytes = Buffer.alloc(records * corpus.recordBytes);
    for (let i = 0; i < records; i++) {
      const from = random.below(corpus.count) * corpus.recordBytes;
      const record = bytes.subarray(i * corpus.recordBytes, (i + 1) * corpus.recordBytes);
      record.set(corpus.records.subarray(from, from + corpus.recordBytes));
      mutateRecord(record, random);
    }
    if (index % batchesPerNames === 0) names.clear();
    if (corpus.kind === 'long') names.learn(bytes);
    const input = { kind: corpus.kind, memory, names, securityContexts };
    const batch = createRecordBatch({ ...input, bytes });
    for (const trial of trials) {
      const problem = problemOf(trial, batch, out);
      if (problem !== undefined) {
        const alone = (record: Uint8Array): string | undefined =>
          problemOf(trial, createRecordBatch({ ...input, bytes: record }), out);
        throw failureOf(`${trial.format}: ${problem}`, bytes, corpus.recordBytes, seed + index, alone);
      }
      done.units += out.ends.length;
      done.outputBytes += out.bytes.length;
    }
    done.records += records;
    done.malformed += batch.malformed;
  }
  return done;
}

function failureOf(
  problem: string,
  bytes: Buffer,
  recordBytes: number,
  seed: number,
  alone: (record: Uint8Array) => string | undefined,
): Failure {
  for (let at = 0; at < bytes.length; at += recordBytes) {
    const record = bytes.subarray(at, at + recordBytes);
    const message = alone(record);
    if (message !== undefined)
      return { message: `${problem}; one record alone: ${message}`, seed, input: record };
  }
  return { message: problem, seed, input: bytes };
}
