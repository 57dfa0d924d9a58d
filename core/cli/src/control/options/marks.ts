import type { MarkChange } from '@camflow/kernel';
import type { ControlContext, Outcome } from '../control-context.ts';
import { type ControlOption, done, option } from '../control-option.ts';
import type { Parameter } from '../parameter.ts';
import { boolean, file, label, pid, taintBit, tracking } from '../parameters.ts';
import { nodeJson, nodeText } from '../text/node-text.ts';

/** What a way to track changes: CamFlow's `true` leaves propagation as it is. */
const trackingChanges: Readonly<Record<'false' | 'true' | 'propagate', MarkChange>> = {
  false: { tracked: false, propagate: false },
  true: { tracked: true },
  propagate: { tracked: true, propagate: true },
};

/** The options of files and of processes are the same, but for what they are about. */
function markOptions<Target extends string | number>(
  what: 'file' | 'process',
  target: Parameter<Target>,
  concern: (context: ControlContext) => {
    read: (target: Target) => ReturnType<ControlContext['control']['files']['read']>;
    mark: (target: Target, change: MarkChange) => void;
  },
): ControlOption[] {
  const group = what === 'file' ? 'Files' : 'Processes';
  const change = (flag: string, context: ControlContext, on: Target, wanted: MarkChange): Outcome => {
    concern(context).mark(on, wanted);
    const { taint, ...marks } = wanted;
    return done(flag, {
      [what]: on,
      ...marks,
      ...(taint === undefined ? {} : { taint: `0x${taint.toString(16)}` }),
    });
  };
  const article = what === 'file' ? 'a file' : 'a process';
  return [
    option(group, `--${what}`, `display provenance info of ${article}.`, [target], (context, on) => {
      const node = concern(context).read(on);
      const title = what === 'file' ? 'File' : 'Process';
      return { text: nodeText(node, title, context.labels), json: nodeJson(node, context.labels) };
    }),
    option(group, `--track-${what}`, 'set tracking.', [target, tracking], (context, on, how) =>
      change(`--track-${what}`, context, on, trackingChanges[how]),
    ),
    option(
      group,
      `--taint-${what}`,
      `applies taint to the ${what}.`,
      [target, taintBit],
      (context, on, taint) => change(`--taint-${what}`, context, on, { taint }),
    ),
    option(
      group,
      `--label-${what}`,
      `applies a named taint to the ${what}.`,
      [target, label],
      (context, on, name) => {
        // Whether there can be such a label, and is such a file or process, is found out before it takes up a bit.
        context.labels.find(name);
        concern(context).read(on);
        return change(`--label-${what}`, context, on, { taint: 1n << BigInt(context.labels.bitOf(name)) });
      },
    ),
    option(
      group,
      `--opaque-${what}`,
      `mark/unmark the ${what} as opaque.`,
      [target, boolean],
      (context, on, opaque) => change(`--opaque-${what}`, context, on, { opaque }),
    ),
  ];
}

/** Options about single files and processes. */
export const markOptionsOfAll: readonly ControlOption[] = [
  ...markOptions('file', file, ({ control }) => control.files),
  ...markOptions('process', pid, ({ control }) => control.processes),
];
