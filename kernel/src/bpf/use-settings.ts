import { CaptureSettings, type ConfigValues } from './capture-settings.ts';
import type { Channel } from './channel.ts';
import { using } from './using.ts';

/** Opens the configuration of the programs, does something with it, and lets go of it. */
export function useSettings<Result>(channel: Channel, task: (settings: CaptureSettings) => Result): Result {
  return using(new CaptureSettings(channel), task);
}

/** The configuration of the programs as it is now. */
export function readSettings(channel: Channel): ConfigValues {
  return useSettings(channel, (settings) => settings.read());
}
