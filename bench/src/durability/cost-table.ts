import type { ProcessMeasurement } from '../pipeline/measured-process.ts';
import type { MeasuredOutput } from './outputs.ts';
import { spoolSettings } from './spool-settings.ts';

/** How many times the CPU time per record without a spool one with it may cost. */
export const mostRatio = 1.3;

/** Least, median and most of some values. */
export interface Spread {
  readonly least: number;
  readonly median: number;
  readonly most: number;
}

/** What one way to spool costs one output. */
export interface SpoolCost {
  readonly microseconds: Spread;
  /** Times the cost without a spool in the same round. */
  readonly ratio: Spread;
  /** Most bytes that were in spools at a time. */
  readonly spooledBytes: number;
  /** `explained`: above the limit where nothing else can be. */
  readonly verdict: 'within' | 'explained' | 'above';
}

/** One row of the table. */
export interface OutputCost {
  readonly format: string;
  readonly title: string;
  /** Of a record, in the units of the format. */
  readonly recordBytes: number;
  /** One for each of `spoolSettings`. */
  readonly costs: readonly SpoolCost[];
}

function spreadOf(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  return { least: sorted[0]!, median: sorted[sorted.length >> 1]!, most: sorted.at(-1)! };
}

/** @param runs - for each of `spoolSettings`, the measurements of all rounds */
export function costsOf(
  output: MeasuredOutput,
  runs: readonly (readonly ProcessMeasurement[])[],
): readonly SpoolCost[] {
  const costs = runs.map((of) => of.map(({ cpuSeconds, records }) => (cpuSeconds * 1e6) / records));
  return spoolSettings.map(({ writesAll }, i) => {
    const ratio = spreadOf(costs[i]!.map((cost, round) => cost / costs[0]![round]!));
    const explained = output.stalls === true || (writesAll === true && output.doesNothing === true);
    return {
      microseconds: spreadOf(costs[i]!),
      ratio,
      spooledBytes: Math.max(...runs[i]!.map(({ spooledBytes }) => spooledBytes)),
      verdict: ratio.median <= mostRatio ? 'within' : explained ? 'explained' : 'above',
    };
  });
}

/** What is above the limit and should not be, a sentence each. */
export function complaintsOf({ format, title, costs }: OutputCost): readonly string[] {
  return costs.flatMap(({ verdict, ratio }, i) =>
    verdict === 'above'
      ? [
          `${format}, ${title}, ${spoolSettings[i]!.title}: ${ratio.median.toFixed(2)}x is above ${mostRatio}x`,
        ]
      : [],
  );
}

const marks = { within: '', explained: ' (!)', above: ' **(!!)**' } as const;

const range = ({ least, most }: Spread): string => `(${least.toFixed(2)}–${most.toFixed(2)})`;

function cell({ microseconds, ratio, verdict, spooledBytes }: SpoolCost, column: number): string {
  const cost = microseconds.median.toFixed(2);
  if (column === 0) return `${cost} ${range(microseconds)}`;
  const times = `${ratio.median.toFixed(2)}x ${range(ratio)}${marks[verdict]}`;
  return `${cost}, ${times}, ${Math.round(spooledBytes / 1e6)} MB`;
}

/** A row in Markdown. */
export function tableRow({ format, title, costs }: OutputCost): string {
  return `| ${format} | ${title} | ${costs.map(cell).join(' | ')} |`;
}

/** The table in Markdown. */
export function costTable(rows: readonly OutputCost[]): string {
  const titles = ['Format', 'Output', ...spoolSettings.map(({ title }) => title)];
  return [
    `| ${titles.join(' | ')} |`,
    `| ${titles.map(() => '---').join(' | ')} |`,
    ...rows.map(tableRow),
  ].join('\n');
}
