import type { CaptureMode, ConfigValues } from '../../bpf/capture-settings.ts';
import type { Channel } from '../../bpf/channel.ts';
import { modes } from '../../bpf/layout.ts';
import { saidPolicy, sayPolicy } from '../../bpf/said-policy.ts';
import { switchCapture } from '../../bpf/switch-capture.ts';
import { readSettings, useSettings } from '../../bpf/use-settings.ts';
import type { SwitchControl, Switches, SwitchName } from '../switches.ts';
import { captureCounts, useCapture } from './use-capture.ts';

type ModeSwitch = Exclude<SwitchName, 'enabled'>;

/** The mode behind each switch, and whether the switch is on where the mode is. */
const modeOf: Readonly<Record<ModeSwitch, readonly [mode: CaptureMode, same: boolean]>> = {
  all: ['all', true],
  version: ['keepVersions', false],
  compressNode: ['keepNodes', false],
  compressEdge: ['keepEdges', false],
  duplicate: ['duplicate', true],
};

/** Switches of the BPF programs. */
export class BpfSwitches implements SwitchControl {
  readonly #channel: Channel;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  read(): Switches {
    return switchesOf(readSettings(this.#channel));
  }

  said(name: SwitchName): boolean | undefined {
    const settings = readSettings(this.#channel);
    if (name !== 'enabled' && name !== 'all') return switchesOf(settings)[name];
    const said = saidPolicy(settings);
    return said.isSaid ? said[name] : undefined;
  }

  set(name: SwitchName, on: boolean): void {
    if (name === 'enabled' || name === 'all') {
      useSettings(this.#channel, (settings) => sayPolicy(settings, name, on));
    }
    if (name === 'enabled') {
      const before = this.read().enabled;
      switchCapture(this.#channel, on);
      // What exists already is published for a recorder that is there.
      if (on && !before) useCapture(this.#channel, (capture) => capture.changeEpoch());
      return;
    }
    const [mode, same] = modeOf[name];
    useSettings(this.#channel, (settings) => settings.setMode(mode, on === same));
  }

  captured(): boolean {
    return captureCounts(this.#channel).taken > 0;
  }
}

/** How the switches stand in a configuration. */
export function switchesOf({ enabled, modes: bits }: Pick<ConfigValues, 'enabled' | 'modes'>): Switches {
  const isOn = (name: ModeSwitch): boolean => {
    const [mode, same] = modeOf[name];
    return ((Number(bits) & modes[mode]) !== 0) === same;
  };
  const [all, version, compressNode] = [isOn('all'), isOn('version'), isOn('compressNode')];
  return {
    enabled: enabled !== 0n,
    all,
    version,
    compressNode,
    compressEdge: isOn('compressEdge'),
    duplicate: isOn('duplicate'),
  };
}
