import type { ProvenanceControl, SwitchControl, SwitchName } from '@camflow/kernel';
import type { AppliedState } from './applied-state.ts';
import type { Change } from './change.ts';
import type { DesiredPolicy } from './desired-policy.ts';

/** Changes, and what stays although the file does not say it. */
export interface Plan {
  readonly changes: readonly Change[];
  readonly byHand: readonly string[];
}

/**
 * What the file gives holds. What it does not give has its default, unless somebody changed it since camconfd last
 * ran: that stays.
 */
export function planSwitches(
  desired: DesiredPolicy,
  applied: AppliedState,
  control: Pick<SwitchControl, 'read' | 'said'>,
): Plan {
  const current = control.read();
  const changes: Change[] = [];
  const byHand: string[] = [];
  for (const [name, { on, given }] of desired.switches) {
    const said = control.said(name);
    const before = said ?? current[name];
    // While something is captured, by somebody for themselves say, what the file gives is to be said although it is so.
    const isToBeSaid = given && said === undefined && current.enabled;
    if (before === on && !isToBeSaid) continue;
    const last = applied.switches.get(name);
    if (!given && last !== undefined && last !== before) byHand.push(`${name}=${before}`);
    else changes.push(changeOf(name, on, before));
  }
  // Capture starts last, with the policy complete, and stops first.
  const isStart = ({ text }: Change): boolean => text === 'enabled=true';
  return { changes: [...changes.filter((each) => !isStart(each)), ...changes.filter(isStart)], byHand };
}

function changeOf(name: SwitchName, on: boolean, before: boolean): Change {
  const set = (value: boolean) => (control: ProvenanceControl) => control.switches.set(name, value);
  return { text: `${name}=${on}`, apply: set(on), revert: set(before) };
}
