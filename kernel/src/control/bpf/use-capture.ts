import type { Channel } from '../../bpf/channel.ts';
import { type CaptureCounts, PinnedCapture } from '../../bpf/pinned-capture.ts';
import { using } from '../../bpf/using.ts';

/** Opens what is pinned, does something with it, and lets go of it. @throws CamflowError where it is of another version */
export function useCapture<Result>(channel: Channel, task: (capture: PinnedCapture) => Result): Result {
  return using(new PinnedCapture(channel), task);
}

/** What the programs did since they were loaded. */
export function captureCounts(channel: Channel): CaptureCounts {
  return useCapture(channel, (capture) => capture.counts());
}
