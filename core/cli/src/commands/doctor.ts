import { existsSync } from 'node:fs';
import { checkMachine, defaultSecurityfsFolder, isCapturePinned } from '@camflow/kernel';

/** What the machine can do. */
export interface Diagnosis {
  /** For people. */
  readonly text: string;
  /** Whether capture works. */
  readonly ok: boolean;
}

/** `camflow doctor`: what capture needs, what of it is there, and what would be used. Changes nothing. */
export function diagnose(): Diagnosis {
  const camflow = existsSync(defaultSecurityfsFolder);
  const checks = checkMachine();
  const lines = checks.flatMap(({ ok, finding, remedy }) =>
    ok ? [`  ok       ${finding}.`] : [`  missing  ${finding}. ${remedy}`],
  );
  const ok = checks.every((check) => check.ok);
  const use = camflow
    ? 'This is a CamFlow kernel: its relay files are used.'
    : ok
      ? `Capture works, by BPF programs, which are ${isCapturePinned() ? 'loaded' : 'loaded when it starts'}.`
      : 'Capture does not work on this machine as it is.';
  return { text: [...lines, use].join('\n'), ok: ok || camflow };
}
