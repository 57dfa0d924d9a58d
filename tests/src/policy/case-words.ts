import { recordTypes } from '@camflow/api';
import {
  actionBits,
  filterBits,
  filterOf,
  type MarkChange,
  type RuleAction,
  type RuleSelector,
} from '@camflow/kernel';
import type { FlowRun, PolicyMachine } from './policy-case.ts';

// What the cases are made of: runs, lines, and what is said before.

export const copy = (from: string, to: string): FlowRun => ({ words: ['copy', from, to] });
export const read = 'read file in > task';
export const write = 'write task > file out';
export const again = 'write task > file final';
export const named = 'named path flows > process_memory';
export const copyBoth: readonly FlowRun[] = [copy('in', 'out'), copy('out', 'final')];
/** The user and group that rules are about, and another. */
export const account = 1234;
export const otherAccount = 1235;
/** AppArmor's profile that allows everything, loaded for these cases. */
export const profile = 'camflow_tests';
/** Addresses that the guest is given, which only the fifth word tells apart. */
export const localAddresses6 = ['fd00:1:2:3:f012::1', 'fd00:1:2:3:e012::1'] as const;
/** The port that rules are about, and another. */
export const port = 5101;
export const otherPort = 5102;

export const markFile =
  (name: string, change: MarkChange) =>
  ({ control, folder }: PolicyMachine): void =>
    control.files.mark(`${folder}/${name}`, change);

export const addRule =
  (selector: RuleSelector | ((machine: PolicyMachine) => RuleSelector), action: RuleAction) =>
  (machine: PolicyMachine): void => {
    const chosen = typeof selector === 'function' ? selector(machine) : selector;
    machine.control.rules.add({ selector: chosen, bits: actionBits[action] });
  };

/** Puts types into filters, by name. */
export const addFilters =
  (names: readonly string[], propagate: boolean) =>
  ({ control }: PolicyMachine): void => {
    for (const type of recordTypes.filter(({ name }) => names.includes(name)))
      control.filters.change(filterOf(type, propagate)!, filterBits(type), 'add');
  };

export const both =
  (...steps: readonly ((machine: PolicyMachine) => void)[]) =>
  (machine: PolicyMachine): void => {
    for (const step of steps) step(machine);
  };

export const nothing = (): void => {};
export const propagating: MarkChange = { tracked: true, propagate: true };
export const waiting = (mark: MarkChange): FlowRun => ({ words: ['wait', 'in', 'out'], mark });
