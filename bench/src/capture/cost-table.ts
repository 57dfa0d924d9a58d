import type { Boot } from './boot.ts';
import { descriptions, type State, states } from './states.ts';
import { whole } from './workloads.ts';

/** The boots of each state. */
export type Series = ReadonlyMap<State, readonly Boot[]>;

const measured = states.filter((state) => state !== 'bare');

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

function costsOf(series: Series, state: State, workload: string): number[] {
  return series.get(state)!.map(({ costs }) => costs.get(workload)!);
}

/** How many times the cost on the bare kernel, medians of the boots. */
export function ratioOf(series: Series, state: State, workload: string): number {
  return median(costsOf(series, state, workload)) / median(costsOf(series, 'bare', workload));
}

function meanOver(series: Series, ratio: (workload: string) => number): number {
  const workloads = [...series.get('bare')![0]!.costs.keys()].filter((name) => !whole.includes(name));
  const logs = workloads.map((workload) => Math.log(ratio(workload)));
  return Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length);
}

/** Over the single operations. */
export function geometricMean(series: Series, state: State): number {
  return meanOver(series, (workload) => ratioOf(series, state, workload));
}

/** The same of each boot, against the bare kernel's boot of the same round. */
export function meansOfBoots(series: Series, state: State): number[] {
  const bare = series.get('bare')!;
  return series
    .get(state)!
    .map(({ costs }, round) =>
      meanOver(series, (workload) => costs.get(workload)! / bare[round]!.costs.get(workload)!),
    );
}

function rangeOf(values: readonly number[]): string {
  return `${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)}`;
}

/** How many times as long a connection takes whose data is there before it is accepted, in each boot. */
function waitsOf(series: Series, state: State): number[] {
  return series.get(state)!.map(({ costs }) => costs.get('serve')! / costs.get('serve_greet')!);
}

/**
 * Whether data that comes before its connection is accepted waits for something, as it does where a source of records
 * refuses it: more than on the bare kernel, and by more than boots differ.
 */
export function stallLine(series: Series): string {
  const bare = waitsOf(series, 'bare');
  const stalled = measured.filter((state) => Math.min(...waitsOf(series, state)) > Math.max(...bare));
  const figures = states.map((state) => {
    const waits = waitsOf(series, state);
    return `${state} ${median(waits).toFixed(2)} (${rangeOf(waits)})`;
  });
  const verdict =
    stalled.length === 0
      ? 'There is no stall beyond the spread.'
      : `There is a stall beyond the spread: ${stalled.join(', ')}.`;
  return `\`serve\`, of which the data is sent before the connection is accepted, takes as many times as long as
\`serve_greet\`, of which it is sent after, with the least and the most of the boots: ${figures.join(', ')}.
${verdict}`;
}

/** From the least boot to the most, as a part of the median, in percent. */
function spreadOf(series: Series, state: State, workload: string): string {
  const costs = costsOf(series, state, workload);
  return `${(((Math.max(...costs) - Math.min(...costs)) / median(costs)) * 100).toFixed(0)} %`;
}

/** Each workload with its ratios, and the spread of its boots beside each. */
export function workloadTable(series: Series): string {
  const workloads = [...series.get('bare')![0]!.costs.keys()].sort();
  const row = (workload: string): string => {
    const bare = `${median(costsOf(series, 'bare', workload)).toFixed(0)} ns (${spreadOf(series, 'bare', workload)})`;
    const ratios = measured.map(
      (state) => `${ratioOf(series, state, workload).toFixed(2)} (${spreadOf(series, state, workload)})`,
    );
    return `| ${[workload, bare, ...ratios].join(' | ')} |`;
  };
  const head = ['Workload', 'bare', ...measured];
  return [`| ${head.join(' | ')} |`, `|${' --- |'.repeat(head.length)}`, ...workloads.map(row)].join('\n');
}

/** Each state with its mean, the least and the most of its boots, what it may cost, and what became of the records. */
export function stateTable(series: Series): string {
  const row = (state: Exclude<State, 'bare'>): string => {
    const { about, most } = descriptions[state];
    const boots = series.get(state)!;
    const sum = (of: (boot: Boot) => number): number => boots.reduce((total, boot) => total + of(boot), 0);
    const cells = [
      `\`${state}\`: ${about}`,
      `${geometricMean(series, state).toFixed(2)} (${rangeOf(meansOfBoots(series, state))})`,
      `at most ${most.toFixed(2)}`,
      sum(({ taken }) => taken).toLocaleString('en-US'),
      sum(({ lost }) => lost).toLocaleString('en-US'),
      sum(({ readerSeconds }) => readerSeconds).toFixed(1),
    ];
    return `| ${cells.join(' | ')} |`;
  };
  return [
    '| State | Cost | Goal | Records | Lost | CPU seconds of the reader |',
    '| --- | --- | --- | --- | --- | --- |',
    ...measured.map(row),
  ].join('\n');
}
