import type { Boot } from './boot.ts';
import { descriptions, type State, states } from './states.ts';
import { whole } from './workloads.ts';

/** The boots of each state. */
export type Series = ReadonlyMap<State, readonly Boot[]>;

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

/** How many times as much as on the bare kernel, in each boot. */
function ratiosOf(series: Series, state: State, workload: string): number[] {
  return series.get(state)!.map(({ bare, costs }) => costs.get(workload)! / bare.get(workload)!);
}

function allBoots(series: Series): Boot[] {
  return [...series.values()].flat();
}

function workloadsOf(series: Series): string[] {
  return [...allBoots(series)[0]!.bare.keys()].sort();
}

function meanOver(series: Series, ratio: (workload: string) => number): number {
  const logs = workloadsOf(series)
    .filter((name) => !whole.includes(name))
    .map((workload) => Math.log(ratio(workload)));
  return Math.exp(logs.reduce((sum, log) => sum + log, 0) / logs.length);
}

/** Over the single operations, of each the median of the boots. */
export function geometricMean(series: Series, state: State): number {
  return meanOver(series, (workload) => median(ratiosOf(series, state, workload)));
}

/** The same of each boot. */
export function meansOfBoots(series: Series, state: State): number[] {
  const boots = series.get(state)!;
  return boots.map((_, index) => meanOver(series, (workload) => ratiosOf(series, state, workload)[index]!));
}

function rangeOf(values: readonly number[]): string {
  return `${Math.min(...values).toFixed(2)} to ${Math.max(...values).toFixed(2)}`;
}

/** How many times as long a connection takes whose data is there before it is accepted. */
function waitOf(costs: ReadonlyMap<string, number>): number {
  return costs.get('serve')! / costs.get('serve_greet')!;
}

/**
 * Whether data that comes before its connection is accepted waits for something, as it does where a source of records
 * refuses it: more than on the bare kernel, and by more than boots differ.
 */
export function stallLine(series: Series): string {
  const bare = allBoots(series).map((boot) => waitOf(boot.bare));
  const waitsOf = (state: State): number[] => series.get(state)!.map(({ costs }) => waitOf(costs));
  const stalled = states.filter((state) => Math.min(...waitsOf(state)) > Math.max(...bare));
  const figure = (name: string, waits: number[]): string =>
    `${name} ${median(waits).toFixed(2)} (${rangeOf(waits)})`;
  const figures = [figure('bare', bare), ...states.map((state) => figure(state, waitsOf(state)))];
  const verdict =
    stalled.length === 0
      ? 'There is no stall beyond the spread.'
      : `There is a stall beyond the spread: ${stalled.join(', ')}.`;
  return `\`serve\`, of which the data is sent before the connection is accepted, takes as many times as long as
\`serve_greet\`, of which it is sent after, with the least and the most of the boots: ${figures.join(', ')}.
${verdict}`;
}

/** From the least boot to the most, as a part of the median, in percent. */
function spreadOf(values: readonly number[]): string {
  return `${(((Math.max(...values) - Math.min(...values)) / median(values)) * 100).toFixed(0)} %`;
}

/** Each workload with its ratios, and the spread of its boots beside each. */
export function workloadTable(series: Series): string {
  const row = (workload: string): string => {
    const bare = allBoots(series).map((boot) => boot.bare.get(workload)!);
    const ratios = states.map((state) => {
      const values = ratiosOf(series, state, workload);
      return `${median(values).toFixed(2)} (${spreadOf(values)})`;
    });
    return `| ${[workload, `${median(bare).toFixed(0)} ns (${spreadOf(bare)})`, ...ratios].join(' | ')} |`;
  };
  const head = ['Workload', 'bare', ...states];
  return [
    `| ${head.join(' | ')} |`,
    `|${' --- |'.repeat(head.length)}`,
    ...workloadsOf(series).map(row),
  ].join('\n');
}

/** Each state with its mean, the least and the most of its boots, what it may cost, and what became of the records. */
export function stateTable(series: Series): string {
  const row = (state: State): string => {
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
    ...states.map(row),
  ].join('\n');
}
