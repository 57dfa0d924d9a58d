/** How a fuzzer tells that it is alive, and hears when to stop. */
export interface Progress {
  /** Called before each batch or file. */
  step(index: number): void;
  /** Whether to stop before everything was tried. */
  timeIsUp(): boolean;
}

/** Something that went wrong, with all that is needed to see it again. */
export interface Failure {
  readonly message: string;
  /** Seed of the batch or file at fault. */
  readonly seed: number;
  /** Bytes at fault. */
  readonly input: Uint8Array;
}

/** Whether something thrown is a finding of a fuzzer. */
export function isFailure(value: unknown): value is Failure {
  return typeof value === 'object' && value !== null && 'input' in value && 'seed' in value;
}

/** For runs without a watcher and without a limit of time. */
export const unwatched: Progress = { step: () => {}, timeIsUp: () => false };
