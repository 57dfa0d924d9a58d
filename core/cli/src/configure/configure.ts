import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describeError, isCamflowError, makeFolderSync } from '@camflow/api';
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
  keepMachineId,
  kernelBootUuid,
  needMachineNumbers,
  type ProvenanceControl,
} from '@camflow/kernel';
import { formatCounted } from '../report/numbers.ts';
import { type AppliedState, emptyState, readAppliedState, writeAppliedState } from './applied-state.ts';
import { applyChanges } from './apply-changes.ts';
import { type DesiredPolicy, resolvePolicy } from './desired-policy.ts';
import { type KeptFlags, restoreFlags, saveFlags } from './file-flags.ts';
import { type PolicyPlan, planPolicy, unionOf } from './plan-policy.ts';
import { ringBytesOf } from './settings-too-late.ts';

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
  return putInForce(desired, request, checkOnly, context);
}

/**
 * The same for a policy that was read already.
 * @throws CamflowError
 */
export function putInForce(
  desired: DesiredPolicy,
  request: ConfigurationRequest,
  checkOnly: boolean,
  context: ConfigureContext,
): ConfigureResult {
  const control = context.openControl({ load: !checkOnly, ringBytes: ringBytesOf(desired.relay) });
  try {
    const before = readAppliedState(statePathOf(context));
    const makePlan = (): PolicyPlan =>
      planPolicy(desired, before, control, request.path ?? '--set', context.identity?.kernelBoot);
    const plan = makePlan();
    if (plan.refusals.length > 0) throw configurationError(plan.refusals);
    for (const warning of plan.warnings) context.warn(warning);
    if (checkOnly) return resultOf(plan);
    makeFolderSync(context.stateFolder, 0o700);
    const isPrepared = prepare(desired, control, context);
    const restored = restore(desired, before, control, context);
    const lasting = [
      ...(isPrepared ? ['identifiers and buffers are set until the machine is started anew'] : []),
      ...(restored === undefined ? [] : ['what was saved about files is said again']),
    ];
    // What was said about files again is there now.
    const current = restored === undefined ? plan : makePlan();
    const state = isPrepared ? { ...current.state, relay: desired.relay } : current.state;
    make({ ...current, state }, before, control, lasting, statePathOf(context));
    return { ...resultOf(current), ...(restored && { restored }) };
  } finally {
    control.close();
  }
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
    const applied = readAppliedState(statePathOf(context));
    // Before camconfd ran in this start, what was saved is not in the kernel: it is kept, and so nothing is saved.
    if (!isOfThisStart(applied, context)) return { files: 0, left: 0 };
    return saveFlags(context.stateFolder, control);
  } finally {
    control.close();
  }
}

function isOfThisStart({ kernelBoot }: AppliedState, { identity }: ConfigureContext): boolean {
  return kernelBoot === (identity?.kernelBoot ?? kernelBootUuid());
}

/** What was saved of files is said again once: what was taken back since is not to come back. */
function restore(
  desired: DesiredPolicy,
  applied: AppliedState,
  control: ProvenanceControl,
  context: ConfigureContext,
): KeptFlags | undefined {
  if (!desired.persist || control.backend === 'securityfs' || isOfThisStart(applied, context))
    return undefined;
  try {
    return restoreFlags(context.stateFolder, control);
  } catch (error) {
    if (!isCamflowError(error)) throw error;
    context.warn(`what was said about files is not there again: ${describeError(error)}`);
    return undefined;
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

/** Identity and buffers, which a kernel takes once. @returns whether it took them now */
function prepare(
  desired: DesiredPolicy,
  control: ProvenanceControl,
  { identity }: ConfigureContext,
): boolean {
  const { recording } = control;
  if (recording.isPrepared()) {
    keepMachineId(recording.machineId(), identity);
    return false;
  }
  const numbers = needMachineNumbers({ machineId: desired.machineId }, identity);
  recording.prepare({ ...numbers, ...desired.relay });
  return true;
}

/** Makes the changes of a plan, and remembers them. */
function make(
  plan: PolicyPlan,
  before: AppliedState,
  control: ProvenanceControl,
  lasting: readonly string[],
  path: string,
): void {
  // A crash half-way must not leave anything in the kernel that nobody would take back.
  if (plan.changes.length > 0) writeAppliedState(path, unionOf(before, plan.state));
  const forget = (): void => (before === emptyState ? rmSync(path) : writeAppliedState(path, before));
  applyChanges(plan.changes, control, { lasting, forget });
  writeAppliedState(path, plan.state);
}

function resultOf({ changes, byHand }: PolicyPlan): ConfigureResult {
  return { changes: changes.flatMap(({ text }) => text.split('\n')), byHand };
}

function statePathOf({ stateFolder }: ConfigureContext): string {
  return join(stateFolder, 'applied.json');
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
