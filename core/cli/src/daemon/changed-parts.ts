import type { PlannedRun } from '../composition/plan-run.ts';

/** Parts of a configuration by name, as far as a run depends on them. */
function partsOf({ plan, general }: PlannedRun): Map<string, string> {
  const describe = ({ requested, moduleUrl, rawOptions }: (typeof plan)['source' | 'policy']): unknown[] => [
    requested,
    moduleUrl,
    Object.entries(rawOptions).sort(([a], [b]) => (a < b ? -1 : 1)),
  ];
  const parts = new Map<string, unknown>([
    ['general', { ...general, outputs: [...general.outputs] }],
    [plan.source.section, describe(plan.source as never)],
    [plan.policy.section, describe(plan.policy as never)],
  ]);
  for (const { name, sink, format, spool } of plan.outputs)
    parts.set(name, [describe(sink as never), describe(format as never), spool ?? null]);
  return new Map([...parts].map(([name, value]) => [name, JSON.stringify(value)]));
}

/** The sections in which two configurations differ, by name. */
export function changedParts(before: PlannedRun, after: PlannedRun): string[] {
  const [old, now] = [partsOf(before), partsOf(after)];
  return [...new Set([...old.keys(), ...now.keys()])]
    .filter((name) => old.get(name) !== now.get(name))
    .sort();
}

/** Sections that differ in what a run cannot change while it goes on. */
export function sectionsLeft(before: PlannedRun, after: PlannedRun): string[] {
  const fixed = ({ plan, general }: PlannedRun): Map<string, string> => {
    // What the other keys come to is seen in the plan.
    const { source, workers, slabBytes, drainTimeoutMs, logLevel, shed, metrics } = general;
    const rest = [source, workers, slabBytes, drainTimeoutMs, logLevel, shed, metrics ?? null];
    const { requested, moduleUrl, rawOptions } = plan.source;
    return new Map([
      ['general', JSON.stringify(rest)],
      [plan.source.section, JSON.stringify([requested, moduleUrl, Object.entries(rawOptions).sort()])],
    ]);
  };
  const [old, now] = [fixed(before), fixed(after)];
  return [...new Set([...old.keys(), ...now.keys()])].filter((name) => old.get(name) !== now.get(name));
}
