import type { ControlOption } from './control-option.ts';
import { recordingOptions } from './options/channel.ts';
import { filterOptions } from './options/filters.ts';
import { markOptionsOfAll } from './options/marks.ts';
import { ruleOptions } from './options/rules.ts';
import { stateOptions } from './options/state.ts';
import { switchOptions } from './options/switches.ts';

/** Every option of `camflow` that controls capture: the help, the manual and the completions are made from this. */
export const controlOptions: readonly ControlOption[] = [
  ...stateOptions,
  ...switchOptions,
  ...markOptionsOfAll,
  ...ruleOptions,
  ...filterOptions,
  ...recordingOptions,
];

/** Options that change how others work, each with what it takes and what it does. */
export const generalOptions: readonly (readonly [flag: string, parameter: string, summary: string])[] = [
  ['--json', '', 'with any other option: answer as JSON.'],
  ['--securityfs', 'folder', 'use the control files in this folder, to try things out.'],
];

/** The option of a flag. */
export function optionNamed(flag: string): ControlOption | undefined {
  return controlOptions.find((option) => option.flag === flag);
}
