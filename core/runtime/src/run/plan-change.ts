import type { ChosenPlugin, OutputPlan, RunPlan } from './run-plan.ts';

/** What is different between two plans. */
export interface PlanChange {
  /** Outputs of the new plan by what they come to. */
  readonly kept: readonly OutputPlan[];
  readonly changed: readonly OutputPlan[];
  readonly added: readonly OutputPlan[];
  /** Names of outputs that the new plan has no more. */
  readonly removed: readonly string[];
  readonly policy: boolean;
  /** Whether anything is different that a run cannot change while it goes on: source, workers, memory. */
  readonly rest: boolean;
}

/** Compares plans. */
export function comparePlans(before: RunPlan, after: RunPlan): PlanChange {
  const known = new Map(before.outputs.map((output) => [output.name, outputKey(output)]));
  const kept: OutputPlan[] = [];
  const changed: OutputPlan[] = [];
  const added: OutputPlan[] = [];
  for (const output of after.outputs) {
    const key = known.get(output.name);
    const group = key === undefined ? added : key === outputKey(output) ? kept : changed;
    group.push(output);
  }
  const names = new Set(after.outputs.map(({ name }) => name));
  const removed = [...known.keys()].filter((name) => !names.has(name));
  return {
    kept,
    changed,
    added,
    removed,
    policy: pluginKey(before.policy) !== pluginKey(after.policy),
    rest: restKey(before) !== restKey(after),
  };
}

function outputKey({ sink, format, spool }: OutputPlan): string {
  return JSON.stringify([pluginKey(sink), pluginKey(format), spool ?? null]);
}

function restKey({ source, workers, slabBytes, shed }: RunPlan): string {
  return JSON.stringify([pluginKey(source), workers, slabBytes, shed ?? []]);
}

function pluginKey({ requested, moduleUrl, section, rawOptions }: ChosenPlugin<unknown>): string {
  const options = Object.entries(rawOptions).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([requested, moduleUrl, section, options]);
}
