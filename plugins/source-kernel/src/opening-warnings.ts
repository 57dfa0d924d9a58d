import type { LogFields } from '@camflow/api';
import type { OpenCapture } from '@camflow/kernel';
import type { KernelOptions } from './kernel-options.ts';

/** Something that whoever starts a recorder should know of. */
export interface OpeningWarning {
  readonly message: string;
  readonly fields?: LogFields;
}

/** In what the capture that was opened is not what it could be, or was asked to be. */
export function openingWarnings(
  capture: Pick<OpenCapture, 'attachedTo' | 'notSeen' | 'ringBytes' | 'disclosures'>,
  { ringBytes = capture.ringBytes }: Pick<KernelOptions, 'ringBytes'>,
): readonly OpeningWarning[] {
  const warnings: OpeningWarning[] = [];
  if (capture.attachedTo === 'functions') {
    const message =
      'bpf is not among the active security modules: capture works through the functions that call the hooks';
    warnings.push({ message });
  }
  if (capture.notSeen.length > 0) {
    const message = 'programs find no place in this kernel: what they would see is missing';
    warnings.push({ message, fields: { programs: capture.notSeen.join(', ') } });
  }
  if (capture.ringBytes !== ringBytes) {
    const [have, wanted] = [capture.ringBytes, ringBytes].map((bytes) => `${bytes / 2 ** 20}`);
    const message = `the rings have ${have} MiB since they were loaded; run \`camflow unload\` first for ${wanted}`;
    warnings.push({ message });
  }
  const lost = capture.disclosures.taken - capture.disclosures.accounted;
  if (lost > 0) {
    const message =
      'a recorder ended before every output had what programs disclosed to it: some of that may be lost';
    warnings.push({ message, fields: { records_at_most: lost } });
  }
  return warnings;
}
