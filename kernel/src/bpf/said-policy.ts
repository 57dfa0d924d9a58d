import type { CaptureMode, CaptureSettings, ConfigValues } from './capture-settings.ts';
import { modes } from './layout.ts';

/**
 * What camconfd and camflow said is to be captured. It is kept apart from what is captured at the moment: somebody may be
 * recording one command, and be killed while they do.
 */
export interface SaidPolicy {
  /** Whether they said anything at all. */
  readonly isSaid: boolean;
  /** Whether everything, and not only what is marked and what descends from it. */
  readonly all: boolean;
  /** Whether anything. */
  readonly enabled: boolean;
}

const modeOf: Readonly<Record<'all' | 'enabled', CaptureMode>> = {
  all: 'policyAll',
  enabled: 'policyEnabled',
};

/** What was said so far. */
export function saidPolicy({ modes: bits }: Pick<ConfigValues, 'modes'>): SaidPolicy {
  const has = (mode: CaptureMode): boolean => (Number(bits) & modes[mode]) !== 0;
  return { isSaid: has('policySet'), all: has(modeOf.all), enabled: has(modeOf.enabled) };
}

/** Remembers that somebody said so, beyond whoever records at the moment. */
export function sayPolicy(settings: CaptureSettings, what: 'all' | 'enabled', on: boolean): void {
  settings.change(({ modes: bits }) => {
    const others = (Number(bits) | modes.policySet) & ~modes[modeOf[what]];
    return { modes: on ? others | modes[modeOf[what]] : others };
  });
}
