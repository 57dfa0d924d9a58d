/** A batch that was read and that some output may not have settled yet. */
export interface ReadBatch {
  readonly id: number;
  /** When its read began, in milliseconds since 1970: nothing of it was taken from the source before. */
  readonly sinceMs: number;
  /** How many parties still work on it. */
  open: number;
}

/**
 * Tells the source which batches every output has settled. Batches settle in any order (short ones are held
 * back while later long ones go ahead); they are committed in the order in which they were read.
 */
export class CommitTracker {
  readonly #batches: ReadBatch[] = [];
  readonly #commit: (batchId: number, settledUntilMs: number) => void;

  #readingSinceMs = 0;

  /** @param commit - told also before which moment everything that was taken from the source is settled */
  constructor(commit: (batchId: number, settledUntilMs: number) => void) {
    this.#commit = commit;
  }

  /** The next read begins. */
  reading(nowMs: number): void {
    this.#readingSinceMs = nowMs;
  }

  /** A batch was read; whoever read it is the first party. */
  begin(id: number): ReadBatch {
    const batch: ReadBatch = { id, sinceMs: this.#readingSinceMs, open: 1 };
    this.#batches.push(batch);
    return batch;
  }

  /** One party is done with a batch. The last one may set off a commit. */
  settle(batch: ReadBatch): void {
    batch.open--;
    let settled = 0;
    while (this.#batches[settled]?.open === 0) settled++;
    if (settled === 0) return;
    const last = this.#batches.splice(0, settled).at(-1)!;
    this.#commit(last.id, this.#batches[0]?.sinceMs ?? this.#readingSinceMs);
  }
}
