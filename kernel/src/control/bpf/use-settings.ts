import { CaptureSettings } from '../../bpf/capture-settings.ts';

/** Opens the configuration of the programs, does something with it, and lets go of it. */
export function useSettings<Result>(task: (settings: CaptureSettings) => Result): Result {
  const settings = new CaptureSettings();
  try {
    return task(settings);
  } finally {
    settings.close();
  }
}
