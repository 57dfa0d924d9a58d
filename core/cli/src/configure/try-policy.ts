import { describeError, isCamflowError } from '@camflow/api';
import type { ConfigurationRequest } from '@camflow/config';
import { type ConfigureContext, type ConfigureResult, readPolicy, resultText } from './configure.ts';
import { dryRun, dryRunText, type KeptRecords } from './dry-run.ts';
import { checkPolicy } from './put-in-force.ts';

/** What a policy would change, and what of a capture it would keep. */
export interface TriedPolicy extends Partial<ConfigureResult> {
  readonly kept: readonly KeptRecords[];
}

/** Why it cannot be said what would change: captures are also looked at by other users, and on other machines. */
const noKernel: ReadonlySet<string> = new Set(['PERMISSION_DENIED', 'SOURCE_UNAVAILABLE']);

/**
 * Tries a policy on the kernel, without changing anything, and on a capture.
 * @param capture - path of a capture file
 * @throws CamflowError where the policy is wrong, the kernel would refuse it, or the capture cannot be read
 */
export async function tryPolicy(
  request: ConfigurationRequest,
  capture: string,
  context: ConfigureContext,
): Promise<TriedPolicy> {
  const { settings, desired } = await readPolicy(request, context);
  const kept = await dryRun(settings, capture);
  try {
    return { ...checkPolicy(desired, request, context), kept };
  } catch (error) {
    if (!isCamflowError(error) || !noKernel.has(error.code)) throw error;
    context.warn(`what would change cannot be said: ${describeError(error)}`);
    return { kept };
  }
}

/** The same for people. */
export function trialText({ changes, byHand, kept }: TriedPolicy): string {
  const table = dryRunText(kept);
  if (changes === undefined || byHand === undefined) return table;
  return `${resultText({ changes, byHand }, true)}\n\n${table}`;
}
