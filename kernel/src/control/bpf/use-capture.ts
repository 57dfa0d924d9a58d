import { type CaptureCounts, PinnedCapture } from '../../bpf/pinned-capture.ts';

/** Opens what is pinned, does something with it, and lets go of it. @throws CamflowError where it is of another version */
export function useCapture<Result>(task: (capture: PinnedCapture) => Result): Result {
  const capture = new PinnedCapture();
  try {
    return task(capture);
  } finally {
    capture.close();
  }
}

/** What the programs did since they were loaded. */
export function captureCounts(): CaptureCounts {
  return useCapture((capture) => capture.counts());
}
