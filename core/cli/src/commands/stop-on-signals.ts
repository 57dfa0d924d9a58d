import type { Run } from '@camflow/runtime';

/** A connection between signals and a run. */
export interface SignalConnection {
  /** The first signal that came, if any. */
  received(): NodeJS.Signals | undefined;
  /** Takes no notice of signals for now: they are meant for somebody else, and still do not end this process. */
  pause(): void;
  /** Takes notice of them again. */
  resume(): void;
  /** Lets go of the signals. */
  dispose(): void;
}

/** Makes the first of some signals drain a run, and a second one stop it at once. */
export function stopOnSignals(run: Run, signals: readonly NodeJS.Signals[]): SignalConnection {
  let first: NodeJS.Signals | undefined;
  let paused = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (paused) return;
    // The outcome arrives through `run.ended`.
    const ending = first === undefined ? run.stop() : run.abort();
    first ??= signal;
    ending.catch(() => {});
  };
  for (const signal of signals) process.on(signal, onSignal);
  return {
    received: () => first,
    pause: () => {
      paused = true;
    },
    resume: () => {
      paused = false;
    },
    dispose: () => {
      for (const signal of signals) process.off(signal, onSignal);
    },
  };
}
