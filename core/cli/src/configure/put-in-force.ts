import { rmSync } from 'node:fs';
import { describeError, isCamflowError, makeFolderSync } from '@camflow/api';
import { type ConfigurationRequest, configurationError } from '@camflow/config';
import {
  type ControlRequest,
  keepMachineId,
  needMachineNumbers,
  type ProvenanceControl,
} from '@camflow/kernel';
import {
  type AppliedState,
  appliedStatePath,
  emptyState,
  isOfThisStart,
  readAppliedState,
  writeAppliedState,
} from './applied-state.ts';
import { applyChanges } from './apply-changes.ts';
import type { ConfigureContext, ConfigureResult } from './configure.ts';
import type { DesiredPolicy } from './desired-policy.ts';
import { type KeptFlags, restoreFlags } from './file-flags.ts';
import { type PolicyPlan, planPolicy, unionOf } from './plan-policy.ts';
import { ringBytesOf } from './settings-too-late.ts';

/**
 * Says what a policy would change. Changes nothing, and loads nothing.
 * @throws CamflowError also where the kernel would refuse it
 */
export function checkPolicy(
  desired: DesiredPolicy,
  request: ConfigurationRequest,
  context: ConfigureContext,
): ConfigureResult {
  const plan = planWithoutLoading(desired, request, context);
  for (const warning of plan.warnings) context.warn(warning);
  return resultOf(plan);
}

/**
 * Puts a policy in force: all of it, or nothing.
 * @throws CamflowError
 */
export function putInForce(
  desired: DesiredPolicy,
  request: ConfigurationRequest,
  context: ConfigureContext,
): ConfigureResult {
  // What the kernel would refuse leaves nothing behind, no programs either.
  planWithoutLoading(desired, request, context);
  const { stateFolder } = context;
  return withControl({ load: true, ringBytes: ringBytesOf(desired.relay) }, context, (control) => {
    const before = readAppliedState(appliedStatePath(stateFolder));
    makeFolderSync(stateFolder, 0o700);
    const planned = makePlan(desired, before, control, request, context);
    for (const warning of planned.warnings) context.warn(warning);
    const isPrepared = prepare(desired, control, context);
    const restored = restore(desired, before, control, context);
    // What was said about files again is there now.
    const plan = restored === undefined ? planned : makePlan(desired, before, control, request, context);
    const relay = isPrepared ? desired.relay : plan.state.relay;
    const lasting = [
      ...(isPrepared ? ['identifiers and buffers are set until the machine is started anew'] : []),
      ...(restored === undefined ? [] : ['what was saved about files is said again']),
    ];
    make({ ...plan, state: { ...plan.state, relay } }, before, control, lasting, stateFolder);
    return { ...resultOf(plan), ...(restored && { restored }) };
  });
}

function planWithoutLoading(
  desired: DesiredPolicy,
  request: ConfigurationRequest,
  context: ConfigureContext,
): PolicyPlan {
  const before = readAppliedState(appliedStatePath(context.stateFolder));
  return withControl({ load: false }, context, (control) => {
    const plan = makePlan(desired, before, control, request, context);
    if (plan.refusals.length > 0) throw configurationError(plan.refusals);
    return plan;
  });
}

function makePlan(
  desired: DesiredPolicy,
  before: AppliedState,
  control: ProvenanceControl,
  { path = '--set' }: ConfigurationRequest,
  { identity }: ConfigureContext,
): PolicyPlan {
  return planPolicy(desired, before, control, path, identity?.kernelBoot);
}

function withControl<Result>(
  request: ControlRequest,
  { openControl }: ConfigureContext,
  task: (control: ProvenanceControl) => Result,
): Result {
  const control = openControl(request);
  try {
    return task(control);
  } finally {
    control.close();
  }
}

/** Identity and buffers, which a kernel takes once. @returns whether it took them now */
function prepare(
  desired: DesiredPolicy,
  { recording }: ProvenanceControl,
  { identity }: ConfigureContext,
): boolean {
  if (recording.isPrepared()) {
    keepMachineId(recording.machineId(), identity);
    return false;
  }
  const numbers = needMachineNumbers({ machineId: desired.machineId }, identity);
  recording.prepare({ ...numbers, ...desired.relay });
  return true;
}

/** What was saved of files is said again once: what was taken back since is not to come back. */
function restore(
  { persist }: DesiredPolicy,
  applied: AppliedState,
  control: ProvenanceControl,
  { identity, stateFolder, warn }: ConfigureContext,
): KeptFlags | undefined {
  if (!persist || control.backend === 'securityfs') return undefined;
  if (isOfThisStart(applied, identity?.kernelBoot)) return undefined;
  try {
    return restoreFlags(stateFolder, control);
  } catch (error) {
    if (!isCamflowError(error)) throw error;
    warn(`what was said about files is not there again: ${describeError(error)}`);
    return undefined;
  }
}

/** Makes the changes of a plan, and remembers them. */
function make(
  { changes, state }: PolicyPlan,
  before: AppliedState,
  control: ProvenanceControl,
  lasting: readonly string[],
  stateFolder: string,
): void {
  const path = appliedStatePath(stateFolder);
  // A crash half-way must not leave anything in the kernel that nobody would take back.
  if (changes.length > 0) writeAppliedState(path, unionOf(before, state));
  const forget = (): void => (before === emptyState ? rmSync(path) : writeAppliedState(path, before));
  applyChanges(changes, control, { lasting, forget });
  writeAppliedState(path, state);
}

function resultOf({ changes, byHand }: PolicyPlan): ConfigureResult {
  return { changes: changes.flatMap(({ text }) => text.split('\n')), byHand };
}
