import type { Channel } from '../../bpf/channel.ts';
import { ringName } from '../../bpf/load-programs.ts';
import { objectVersion } from '../../bpf/object-file.ts';
import { missedRuns } from '../../bpf/program-figures.ts';
import { ringBytes } from '../../bpf/ring.ts';
import { readSettings, useSettings } from '../../bpf/use-settings.ts';
import type { CaptureVersion } from '../effective-policy.ts';
import type { Drops, RecordingControl, RelayRequest } from '../provenance-control.ts';
import { captureCounts, useCapture } from './use-capture.ts';

/** What the programs are: CamFlow's record model, and a number that tells one build of them from another. */
export function captureVersion(): CaptureVersion {
  return { version: 'v0.9.0', commit: `bpf-${objectVersion().toString(16).padStart(16, '0')}` };
}

/** Identity and hand-over of the BPF programs. */
export class BpfRecording implements RecordingControl {
  readonly #channel: Channel;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  machineId(): number {
    return Number(readSettings(this.#channel).machine_id);
  }

  bootId(): number {
    return Number(readSettings(this.#channel).boot_id);
  }

  isThere(): boolean {
    return true;
  }

  isPrepared(): boolean {
    return this.bootId() !== 0;
  }

  ringBytes(): number {
    return this.#channel.use(ringName(0), ringBytes);
  }

  version(): CaptureVersion {
    return captureVersion();
  }

  /** The buffers were made when the programs were loaded. */
  prepare({ machineId, bootId }: RelayRequest): void {
    useSettings(this.#channel, (settings) => {
      if (settings.read().enabled !== 0n) return;
      settings.write({ machine_id: machineId, boot_id: bootId });
      settings.setMode('policySet', true);
    });
  }

  changeEpoch(): void {
    useCapture(this.#channel, (capture) => capture.changeEpoch());
  }

  /** Records are in the ring as soon as they are written: there is nothing to close. */
  flush(): void {}

  drops(): Drops {
    const { ring_full, state_failures, shed } = captureCounts(this.#channel);
    const missed = missedRuns(this.#channel);
    return {
      total: ring_full + state_failures + missed + shed,
      causes: { ring_full, state_failures, missed, shed },
    };
  }
}
