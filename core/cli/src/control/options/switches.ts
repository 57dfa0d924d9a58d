import type { SwitchName } from '@camflow/kernel';
import { type ControlOption, done, option } from '../control-option.ts';
import { boolean } from '../parameters.ts';

const rows: readonly (readonly [flag: string, name: SwitchName, summary: string])[] = [
  ['-e', 'enabled', 'enable/disable provenance capture.'],
  ['-a', 'all', 'activate/deactivate whole-system provenance capture.'],
  ['--enable-version', 'version', 'enable/disable versioning.'],
  ['--compress-node', 'compressNode', 'activate/deactivate node compression.'],
  ['--compress-edge', 'compressEdge', 'activate/deactivate edge compression.'],
  ['--duplicate', 'duplicate', 'activate/deactivate duplication.'],
];

/** Options that turn something on or off. */
export const switchOptions: readonly ControlOption[] = rows.map(([flag, name, summary]) =>
  option('Capture', flag, summary, [boolean], ({ control }, on) => {
    control.switches.set(name, on);
    return done(flag, { [name]: on });
  }),
);
