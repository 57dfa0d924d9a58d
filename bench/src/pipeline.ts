import { rmSync } from 'node:fs';
import path from 'node:path';
import { createPipelineInput } from './pipeline/input.ts';
import { type MeasuredTask, measureProcess, type ProcessMeasurement } from './pipeline/measured-process.ts';

/** One row of the result. */
export interface PipelineResult extends ProcessMeasurement {
  readonly format: MeasuredTask['format'];
  readonly mode: MeasuredTask['mode'];
  /** How many times less CPU time per record than the baseline of the format. */
  readonly ratio: number;
}

/** Result of the pipeline benchmark. */
export interface PipelineReport {
  readonly records: number;
  readonly results: readonly PipelineResult[];
}

const rounds = 3;
const modes = ['baseline', 'null', 'log'] as const;

/**
 * Measures the whole recorder with two workers, from raw relay files to an output, each run in a process of its
 * own and interleaved with the baseline; medians of three rounds.
 * @param records - about how many records each run takes
 */
export function runPipelineBenchmark(records: number): PipelineReport {
  const input = createPipelineInput(records);
  const output = path.join(input.folder, 'output');
  try {
    const results = (['spade_json', 'w3c'] as const).flatMap((format) => {
      const runs = modes.map((): ProcessMeasurement[] => []);
      for (let round = 0; round < rounds; round++) {
        for (const [i, mode] of modes.entries()) {
          const { folder, loop } = input;
          const measured = measureProcess({ folder, loop, format, mode, output });
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
        mode: modes[i]!,
        ratio: medians[0]!.cpuSeconds / measured.cpuSeconds,
      }));
    });
    return { records: input.records, results };
  } finally {
    rmSync(input.folder, { recursive: true });
  }
}

const titles = {
  baseline: 'read, object and `JSON.stringify` per record, thrown away',
  null: 'recorder, file to `null`',
  log: 'recorder, file to file (`log`, synced)',
} as const;

/** The result as a table in Markdown. */
export function pipelineTable({ records, results }: PipelineReport): string {
  const rows = results.map((row) => {
    const perRecord = ((row.cpuSeconds * 1e6) / row.records).toFixed(2);
    const rate = `${Math.round(row.records / row.wallSeconds / 1000)}k`;
    const peak = `${Math.round(row.peakBytes / 1e6)} MB`;
    const growth = row.mode === 'baseline' ? '' : row.growth.toFixed(2);
    return `| ${row.format} | ${titles[row.mode]} | ${perRecord} | ${row.ratio.toFixed(1)}x | ${rate} | ${peak} | ${growth} |`;
  });
  return [
    `The whole recorder with two workers over ${records.toLocaleString('en-US')} records, short and long mixed as in a whole-system capture:`,
    '',
    '| Format | Way | CPU µs per record | Ratio | Records per second | Peak memory | Memory, last quarter to second |',
    '| --- | --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}
