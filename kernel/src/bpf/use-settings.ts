import { CaptureSettings } from './capture-settings.ts';
import type { Channel } from './channel.ts';

/** Opens the configuration of the programs, does something with it, and lets go of it. */
export function useSettings<Result>(channel: Channel, task: (settings: CaptureSettings) => Result): Result {
  const settings = new CaptureSettings(channel);
  try {
    return task(settings);
  } finally {
    settings.close();
  }
}
