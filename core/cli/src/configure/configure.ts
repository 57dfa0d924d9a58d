import { makeFolderSync } from '@camflow/api';
import {
  type ConfigurationProblem,
  type ConfigurationRequest,
  type ControlSettings,
  configurationError,
  controlSettings,
  describeProblem,
  readConfiguration,
} from '@camflow/config';
import type { Accounts, ControlRequest, IdentityPlaces, ProvenanceControl } from '@camflow/kernel';
import { formatCounted } from '../report/numbers.ts';
import { appliedStatePath, isOfThisStart, readAppliedState } from './applied-state.ts';
import { type DesiredPolicy, resolvePolicy } from './desired-policy.ts';
import { type KeptFlags, saveFlags } from './file-flags.ts';
import { checkPolicy, putInForce } from './put-in-force.ts';

/** What camconfd works with. */
export interface ConfigureContext {
  readonly openControl: (request: ControlRequest) => ProvenanceControl;
  readonly accounts: Accounts;
  /** Folder of the file that remembers what was applied: `/var/lib/camflow`. */
  readonly stateFolder: string;
  readonly identity?: IdentityPlaces;
  /** Where warnings go, one sentence each. */
  readonly warn: (text: string) => void;
}

/** What came of it. */
export interface ConfigureResult {
  /** In the words of the file, one change per line. */
  readonly changes: readonly string[];
  /** What is in force without being in the file. */
  readonly byHand: readonly string[];
  /** Where the file asks for it, with its first use since the machine started: files of which is said again what was. */
  readonly restored?: KeptFlags;
}

/**
 * Makes the kernel do what camflow.ini says. The file is checked whole before anything is changed; then all of it is
 * applied, or nothing.
 * @param checkOnly - whether to say what would change, and change nothing
 * @throws CamflowError
 */
export async function configure(
  request: ConfigurationRequest,
  checkOnly: boolean,
  context: ConfigureContext,
): Promise<ConfigureResult> {
  const { desired } = await readPolicy(request, context);
  return checkOnly ? checkPolicy(desired, request, context) : putInForce(desired, request, context);
}

/**
 * Saves what is said about files, for when the machine was started anew, where the file asks for it.
 * @returns undefined where it does not
 * @throws CamflowError
 */
export async function saveForRestart(
  request: ConfigurationRequest,
  context: ConfigureContext,
): Promise<KeptFlags | undefined> {
  const { desired } = await readPolicy(request, context);
  if (!desired.persist) return undefined;
  const control = context.openControl({ load: false });
  try {
    if (control.backend === 'securityfs') {
      context.warn(
        'persist=true in [file] changes nothing on CamFlow 0.9, which keeps marks of files with the files',
      );
      return { files: 0, left: 0 };
    }
    makeFolderSync(context.stateFolder, 0o700);
    const applied = readAppliedState(appliedStatePath(context.stateFolder));
    // Before camconfd ran in this start, what was saved is not in the kernel: it is kept, and so nothing is saved.
    if (!isOfThisStart(applied, context.identity?.kernelBoot)) return { files: 0, left: 0 };
    return saveFlags(context.stateFolder, control);
  } finally {
    control.close();
  }
}

/** Reads and checks the file. @throws CamflowError with every problem in it */
export async function readPolicy(
  request: ConfigurationRequest,
  { accounts, warn }: Pick<ConfigureContext, 'accounts' | 'warn'>,
): Promise<{ readonly settings: ControlSettings; readonly desired: DesiredPolicy }> {
  const { settings, errors, warnings } = await controlSettings(await readConfiguration(request));
  const resolved = resolvePolicy(settings, accounts);
  for (const warning of [...warnings, ...resolved.warnings]) warn(describeProblem(warning));
  const all: ConfigurationProblem[] = [...errors, ...resolved.errors];
  if (all.length > 0) throw configurationError(all);
  return { settings, desired: resolved.desired };
}

/** The result for people. */
export function resultText({ changes, byHand, restored }: ConfigureResult, checkOnly: boolean): string {
  const head =
    changes.length === 0
      ? 'Nothing to change: the kernel does what the file says.'
      : `${formatCounted(changes.length, 'change')}${checkOnly ? ' would be made' : ''}:`;
  const hand =
    byHand.length === 0 ? [] : ['Set by hand, not in the file, and left alone:', ...byHand.map(indent)];
  const again =
    restored === undefined
      ? []
      : [
          `Of ${formatCounted(restored.files, 'file')} is said again what was before the machine was started anew.`,
        ];
  return [...again, head, ...changes.map(indent), ...hand].join('\n');
}

function indent(line: string): string {
  return `  ${line}`;
}
