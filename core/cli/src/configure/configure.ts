import { join } from 'node:path';
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
import {
  type Accounts,
  type ControlRequest,
  type IdentityPlaces,
  needBootId,
  needMachineId,
  type ProvenanceControl,
} from '@camflow/kernel';
import { formatCounted } from '../report/numbers.ts';
import { readAppliedState, writeAppliedState } from './applied-state.ts';
import { applyChanges } from './apply-changes.ts';
import { type DesiredPolicy, resolvePolicy } from './desired-policy.ts';
import { type PolicyPlan, planPolicy, unionOf } from './plan-policy.ts';

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
  const control = context.openControl({ load: !checkOnly, ringBytes: ringBytes(desired) });
  try {
    const statePath = join(context.stateFolder, 'applied.json');
    const before = readAppliedState(statePath);
    const plan = planPolicy(desired, before, control, context.identity?.kernelBoot);
    for (const warning of plan.warnings) context.warn(warning);
    if (!checkOnly) {
      makeFolderSync(context.stateFolder, 0o700);
      // A crash half-way must not leave anything in the kernel that nobody would take back.
      if (plan.changes.length > 0) writeAppliedState(statePath, unionOf(before, plan.state));
      prepare(desired, control, context);
      apply(plan, control, () => writeAppliedState(statePath, before));
      writeAppliedState(statePath, plan.state);
    }
    return { changes: plan.changes.flatMap(({ text }) => text.split('\n')), byHand: plan.byHand };
  } finally {
    control.close();
  }
}

/** As much memory for each CPU as the relay would have for a channel: a power of two. */
function ringBytes({ relay }: DesiredPolicy): number {
  const bytes = 2 ** relay.bufferExponent * relay.buffers;
  return 2 ** Math.min(30, Math.max(16, Math.floor(Math.log2(bytes))));
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

/** Identity and buffers, which a kernel takes once. */
function prepare(desired: DesiredPolicy, control: ProvenanceControl, { identity }: ConfigureContext): void {
  const machineId = desired.machineId || needMachineId(identity);
  const bootId = needBootId(identity);
  if (control.recording.bootId() === 0) control.recording.prepare({ machineId, bootId, ...desired.relay });
}

function apply({ changes }: PolicyPlan, control: ProvenanceControl, forget: () => void): void {
  try {
    applyChanges(changes, control);
  } catch (error) {
    forget();
    throw error;
  }
}

/** The result for people. */
export function resultText({ changes, byHand }: ConfigureResult, checkOnly: boolean): string {
  const head =
    changes.length === 0
      ? 'Nothing to change: the kernel does what the file says.'
      : `${formatCounted(changes.length, 'change')}${checkOnly ? ' would be made' : ''}:`;
  const hand =
    byHand.length === 0 ? [] : ['Set by hand, not in the file, and left alone:', ...byHand.map(indent)];
  return [head, ...changes.map(indent), ...hand].join('\n');
}

function indent(line: string): string {
  return `  ${line}`;
}
