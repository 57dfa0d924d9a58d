import { rmSync } from 'node:fs';
import path from 'node:path';
import { createPipelineInput } from './pipeline/input.ts';
import { type MeasuredTask, measureProcess, type ProcessMeasurement } from './pipeline/measured-process.ts';

const ways = [
  { mode: 'baseline', workers: 0, title: 'read, object and `JSON.stringify` per record, thrown away' },
  { mode: 'null', workers: 1, title: 'recorder, file to `null`, one worker' },
  { mode: 'null', workers: 2, title: 'recorder, file to `null`, two workers' },
  { mode: 'log', workers: 2, title: 'recorder, file to file (`log`, synced), two workers' },
] as const;

/** One row of the result. */
export interface PipelineResult extends ProcessMeasurement {
  readonly format: MeasuredTask['format'];
  readonly title: string;
  /** How many times less CPU time per record than the baseline of the format. */
  readonly ratio: number;
}

/** Result of the pipeline benchmark. */
export interface PipelineReport {
  readonly records: number;
  readonly results: readonly PipelineResult[];
}

const rounds = 3;

/**
 * Measures the whole recorder, from raw relay files to an output, each run in a process of its own and
 * interleaved with the baseline; medians of three rounds. Starting the workers and compiling the formats counts.
 * @param records - about how many records each run takes
 */
export function runPipelineBenchmark(records: number): PipelineReport {
  const input = createPipelineInput(records);
  const output = path.join(input.folder, 'output');
  try {
    const results = (['spade_json', 'w3c'] as const).flatMap((format) => {
      const runs = ways.map((): ProcessMeasurement[] => []);
      for (let round = 0; round < rounds; round++) {
        for (const [i, { mode, workers }] of ways.entries()) {
          const { folder, loop } = input;
          const measured = measureProcess({ folder, loop, format, mode, workers, output });
          rmSync(output, { force: true });
          if (measured.records !== input.records)
            throw new Error(`${mode} wrote ${measured.records} records`);
          runs[i]!.push(measured);
        }
      }
      const medians = runs.map((of) => of.toSorted((a, b) => a.cpuSeconds - b.cpuSeconds)[rounds >> 1]!);
      return medians.map((measured, i) => ({
        ...measured,
        format,
        title: ways[i]!.title,
        ratio: medians[0]!.cpuSeconds / measured.cpuSeconds,
      }));
    });
    return { records: input.records, results };
  } finally {
    rmSync(input.folder, { recursive: true });
  }
}

/** The result as a table in Markdown. */
export function pipelineTable({ records, results }: PipelineReport): string {
  const rows = results.map((row) => {
    const perRecord = ((row.cpuSeconds * 1e6) / row.records).toFixed(2);
    const rate = `${Math.round(row.records / row.wallSeconds / 1000)}k`;
    const peak = `${Math.round(row.peakBytes / 1e6)} MB`;
    return `| ${row.format} | ${row.title} | ${perRecord} | ${row.ratio.toFixed(1)}x | ${rate} | ${peak} | ${row.growth.toFixed(2)} |`;
  });
  return [
    `The whole recorder over ${records.toLocaleString('en-US')} records, short and long mixed as in a whole-system capture; its start counts:`,
    '',
    '| Format | Way | CPU µs per record | Ratio | Records per second | Peak memory | Memory, last quarter to second |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}
