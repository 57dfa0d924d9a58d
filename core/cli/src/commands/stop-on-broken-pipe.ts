import type { Run } from '@camflow/runtime';

/** A connection between standard output and a run. */
export interface BrokenPipeConnection {
  /** Whether the reader of standard output has gone. */
  happened(): boolean;
  /** Lets go of standard output. */
  dispose(): void;
}

/**
 * Stops a run when the reader of standard output goes (`| head`): Node turns the signal that would end other
 * programs into an error of the stream.
 */
export function stopOnBrokenPipe(run: Run): BrokenPipeConnection {
  let broken = false;
  const onError = (error: NodeJS.ErrnoException): void => {
    if (error.code !== 'EPIPE' || broken) return;
    broken = true;
    // The outcome arrives through `run.ended`.
    run.abort().catch(() => {});
  };
  process.stdout.on('error', onError);
  return { happened: () => broken, dispose: () => void process.stdout.off('error', onError) };
}
