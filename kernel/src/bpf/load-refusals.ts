import { CamflowError } from '@camflow/api';
import { errnoName } from '../libc/system-call-error.ts';
import { leaveContainer } from './machine-checks.ts';

const linesShown = 20;

/**
 * Why programs are not loaded, for whoever wanted them.
 * @param cause - what the kernel said
 * @param lines - what libbpf said
 */
export function programsRefused(cause: CamflowError, lines: readonly string[]): CamflowError {
  if (errnoName(cause) === 'EPERM') {
    return new CamflowError('PERMISSION_DENIED', 'The kernel lets this process load no BPF programs', {
      hint: leaveContainer,
      cause,
    });
  }
  const said = lines.length === 0 ? '' : `:\n${lines.slice(-linesShown).join('\n')}\n`;
  return new CamflowError('SOURCE_UNAVAILABLE', `The kernel refused the BPF programs${said}`, {
    hint: 'Please report this with the version of the kernel.',
    cause,
  });
}

/** Why a ring is not made. */
export function ringRefused(cause: CamflowError, bytes: number, rings: number): CamflowError {
  if (errnoName(cause) !== 'ENOMEM') return cause;
  return new CamflowError(
    'SOURCE_UNAVAILABLE',
    `There is no memory for ${rings} rings of ${bytes / 2 ** 20} MiB, one for each CPU`,
    { hint: 'Set kernel.ring_mib to less.', cause },
  );
}
