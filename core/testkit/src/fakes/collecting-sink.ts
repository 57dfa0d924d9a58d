import type { CamflowError, Sink, UnitBatch, WriteReceipt } from '@camflow/api';

/** A sink that keeps what it takes, and fails when told to. */
export interface CollectingSink extends Sink {
  /** Units taken so far, in order. */
  readonly units: readonly Uint8Array[];
  /** Records that these units stand for. */
  readonly records: number;
  /** Makes the next `write` fail with this error, before it takes anything. May be called several times. */
  failNext(error: CamflowError): void;
}

/** Makes a sink that keeps what it takes. */
export function createCollectingSink(): CollectingSink {
  const units: Uint8Array[] = [];
  const failures: CamflowError[] = [];
  let records = 0;
  return {
    units,
    get records() {
      return records;
    },
    failNext(error) {
      failures.push(error);
    },
    async open() {},
    async write(batch: UnitBatch): Promise<WriteReceipt | undefined> {
      const failure = failures.shift();
      if (failure) throw failure;
      for (let i = 0; i < batch.count; i++) {
        units.push(Uint8Array.from(batch.bytes.subarray(batch.ends[i - 1] ?? 0, batch.ends[i]!)));
        records += batch.records[i]!;
      }
      return undefined;
    },
    async close() {},
  };
}
