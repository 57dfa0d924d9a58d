import { rmSync } from 'node:fs';
import path from 'node:path';
import { createPipelineInputs, type PipelineInput } from './pipeline/input.ts';
import { type MeasuredTask, measureProcess, type ProcessMeasurement } from './pipeline/measured-process.ts';

interface Way extends Pick<MeasuredTask, 'mode'> {
  /** Options of the recorder. @param output - the file of an output that has one */
  readonly settings: (output: string) => readonly string[];
  /** The part of the records that is enough, where the way is slow and its start is short. */
  readonly share: number;
  readonly title: string;
}

const ways: readonly Way[] = [
  {
    mode: 'baseline',
    settings: () => [],
    share: 1 / 12,
    title: 'read, object and `JSON.stringify` per record, thrown away',
  },
  {
    mode: 'recorder',
    settings: () => ['general.output=null', 'general.workers=1'],
    share: 1,
    title: 'recorder, file to `null`, one worker',
  },
  {
    mode: 'recorder',
    settings: () => ['general.output=null', 'general.workers=2'],
    share: 1,
    title: 'recorder, file to `null`, two workers',
  },
  {
    mode: 'recorder',
    settings: (output) => ['general.output=log', `log.path=${output}`, 'log.sync=batch', 'general.workers=2'],
    share: 1 / 4,
    title: 'recorder, file to file (`log`, synced), two workers',
  },
];

/** One row of the result. */
export interface PipelineResult extends ProcessMeasurement {
  readonly input: PipelineInput['name'];
  readonly format: MeasuredTask['format'];
  readonly title: string;
  /** How many times less CPU time per record than the baseline of the same input and format. */
  readonly ratio: number;
}

const rounds = 3;

const perRecord = ({ cpuSeconds, records }: ProcessMeasurement): number => (cpuSeconds * 1e6) / records;

/**
 * Measures the whole recorder, from raw relay files to an output, each run in a process of its own and
 * interleaved with the baseline; medians of three rounds. Starting the workers and compiling the formats counts.
 * @param records - about how many records each run takes
 */
export function runPipelineBenchmark(records: number): readonly PipelineResult[] {
  const { root, inputs } = createPipelineInputs(records);
  try {
    return inputs.flatMap((input) =>
      (['spade_json', 'w3c'] as const).flatMap((format) =>
        compareWays(input, format, path.join(root, 'output')),
      ),
    );
  } finally {
    rmSync(root, { recursive: true });
  }
}

function compareWays(input: PipelineInput, format: MeasuredTask['format'], output: string): PipelineResult[] {
  const { folder } = input;
  const runs = ways.map((): ProcessMeasurement[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, { mode, settings, share, title }] of ways.entries()) {
      const loop = Math.ceil(input.loop * share);
      const measured = measureProcess({ folder, loop, format, mode, settings: settings(output) });
      rmSync(output, { force: true });
      const expected = (input.records / input.loop) * loop;
      if (measured.records !== expected)
        throw new Error(`${title}: wrote ${measured.records} of ${expected} records`);
      runs[i]!.push(measured);
    }
  }
  const medians = runs.map((of) => of.toSorted((a, b) => a.cpuSeconds - b.cpuSeconds)[rounds >> 1]!);
  return medians.map((measured, i) => ({
    ...measured,
    input: input.name,
    format,
    title: ways[i]!.title,
    ratio: perRecord(medians[0]!) / perRecord(measured),
  }));
}

/** The result as a table in Markdown. */
export function pipelineTable(results: readonly PipelineResult[]): string {
  const rows = results.map((row) => {
    const millions = (row.records / 1e6).toFixed(1);
    const rate = `${Math.round(row.records / row.wallSeconds / 1000)}k`;
    const peak = `${Math.round(row.peakBytes / 1e6)} MB`;
    return `| ${row.input}, ${millions} M | ${row.format} | ${row.title} | ${perRecord(row).toFixed(2)} | ${row.ratio.toFixed(1)}x | ${rate} | ${peak} | ${row.growth.toFixed(2)} |`;
  });
  return [
    '| Records | Format | Way | CPU µs per record | Ratio | Records per second | Peak memory | Memory, last quarter to second |',
    '| --- | --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}
