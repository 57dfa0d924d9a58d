import { pathToFileURL } from 'node:url';
import type { FormatDefinition, Formatter } from '@camflow/api';
import type { Dialect } from '@camflow/format-compiler';
import spade from '@camflow/format-spade-json';
import w3c from '@camflow/format-w3c';
import { acceptedOptions } from '@camflow/testkit';
import { createSpadeBaseline } from './serialisers/baseline/spade-baseline.ts';
import { createW3cBaseline } from './serialisers/baseline/w3c-baseline.ts';
import { captureBytes } from './serialisers/capture-bytes.ts';
import { type Corpus, createCorpus } from './serialisers/corpus.ts';
import { measure } from './serialisers/measure.ts';
import { NullWriter } from './serialisers/null-writer.ts';

/** One row of the result. */
export interface SerialiserResult {
  readonly format: string;
  readonly dialect: Dialect;
  readonly kind: 'short' | 'long';
  /** Records in one second of CPU time. */
  readonly recordsPerSecond: number;
  /** The same for the baseline: `JSON.stringify` of an object per record. */
  readonly baselinePerSecond: number;
  /** How many times the baseline that is. */
  readonly ratio: number;
}

/** Result of the serialiser benchmark. */
export interface SerialiserReport {
  /** Where the records came from. */
  readonly origin: string;
  readonly results: readonly SerialiserResult[];
}

/** Size of the records of each kind. */
const corpusBytes = 16 << 20;
const warmUps = 3;
const rounds = 9;

const formats = [
  { definition: spade as FormatDefinition<never>, createBaseline: createSpadeBaseline },
  { definition: w3c as FormatDefinition<never>, createBaseline: createW3cBaseline },
];

/** Measures each built-in format against its baseline, by CPU time, interleaved. Takes about a minute. */
export async function runSerialiserBenchmark(): Promise<SerialiserReport> {
  const capture = captureBytes();
  const corpus = createCorpus(capture, corpusBytes);
  const results: SerialiserResult[] = [];
  for (const { definition, createBaseline } of formats) {
    for (const dialect of ['default', 'camflow'] as const) {
      const context = { section: definition.name, memory: corpus.memory };
      const formatter = definition.create(await acceptedOptions(definition, { dialect }), context);
      const baseline = createBaseline(dialect, corpus.namesAsText[dialect], context);
      for (const kind of ['short', 'long'] as const) {
        results.push({
          format: definition.name,
          dialect,
          kind,
          ...compare(corpus, kind, formatter, baseline),
        });
      }
    }
  }
  return { origin: capture.origin, results };
}

function compare(
  corpus: Corpus,
  kind: 'short' | 'long',
  formatter: Formatter,
  baseline: Formatter,
): Pick<SerialiserResult, 'recordsPerSecond' | 'baselinePerSecond' | 'ratio'> {
  const batch = corpus[kind];
  const contender = (name: string, { format }: Formatter): { name: string; run: () => void } => ({
    name,
    run: () => {
      const out = new NullWriter();
      format(batch, out);
      if (out.records !== batch.count) throw new Error(`${name} wrote ${out.records} of ${batch.count} records`);
    },
  });
  const [ours, theirs] = measure([contender('compiled', formatter), contender('baseline', baseline)], warmUps, rounds);
  const recordsPerSecond = batch.count / ours!.cpuSeconds;
  const baselinePerSecond = batch.count / theirs!.cpuSeconds;
  return { recordsPerSecond, baselinePerSecond, ratio: recordsPerSecond / baselinePerSecond };
}

/** The result as a table in Markdown. */
export function serialiserTable({ origin, results }: SerialiserReport): string {
  const rows = results.map(({ format, dialect, kind, recordsPerSecond, baselinePerSecond, ratio }) => {
    const thousands = (value: number): string => `${Math.round(value / 1000)}k`;
    return `| ${format} | ${dialect} | ${kind} | ${thousands(recordsPerSecond)} | ${thousands(baselinePerSecond)} | ${ratio.toFixed(1)}x |`;
  });
  return [
    `Serialisers alone, ${origin}, records per second of CPU time:`,
    '',
    '| Format | Dialect | Records | Compiled | `JSON.stringify` per record | Ratio |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  console.log(serialiserTable(await runSerialiserBenchmark()));
}
