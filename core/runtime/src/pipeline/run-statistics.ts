import {
  type LossCause,
  type MalformedReason,
  type RelayBatch,
  recordTypes,
  type StreamId,
} from '@camflow/api';
import type { StreamFigures, WorkerFigures } from '../run/run-figures.ts';
import type { MalformedSample, RunReport } from '../run/run-report.ts';
import type { BatchResult } from '../worker/messages.ts';

/** Malformed places that a report names. */
const mostSamples = 16;

/** Figures of a run that do not depend on outputs. */
export class RunStatistics {
  #recordsRead = 0;
  #bytesRead = 0;
  #batches = 0;
  readonly #countsByType: number[] = new Array<number>(recordTypes.length + 1).fill(0);
  readonly #malformed: Partial<Record<MalformedReason, number>> = {};
  readonly #streams = new Map<string, StreamFigures>();
  readonly #workers = new Map<number, WorkerFigures>();
  readonly #samples: MalformedSample[] = [];
  readonly #sourceLoss: Partial<Record<LossCause, number>> = {};
  readonly #sourceLossOfUnknownSize = new Set<LossCause>();

  /** A batch of a stream was read. */
  read(
    { stream, loss, lossOfUnknownSize = [] }: Pick<RelayBatch, 'stream' | 'loss' | 'lossOfUnknownSize'>,
    records: number,
    bytes: number,
  ): void {
    if (records > 0) {
      const key = `${stream.kind}${stream.cpu}`;
      const known = this.#streams.get(key);
      this.#streams.set(key, {
        stream,
        records: (known?.records ?? 0) + records,
        bytes: (known?.bytes ?? 0) + bytes,
      });
    }
    this.#recordsRead += records;
    this.#bytesRead += bytes;
    this.#batches++;
    addTo(this.#sourceLoss, loss);
    for (const cause of lossOfUnknownSize) this.#sourceLossOfUnknownSize.add(cause);
  }

  /** A worker looked at a batch of a stream. */
  scanned({ cpu, kind }: StreamId, result: BatchResult): void {
    const { countsByType, malformed, malformedPlaces, thread, busyMs } = result;
    const known = this.#workers.get(thread);
    this.#workers.set(thread, {
      thread,
      batches: (known?.batches ?? 0) + 1,
      records: (known?.records ?? 0) + countsByType.reduce((sum, count) => sum + count, 0),
      busyMs: (known?.busyMs ?? 0) + busyMs,
    });
    for (let type = 1; type < countsByType.length; type++) this.#countsByType[type]! += countsByType[type]!;
    addTo(this.#malformed, malformed);
    for (const place of malformedPlaces) {
      if (this.#samples.length < mostSamples) this.#samples.push({ cpu, kind, ...place });
    }
  }

  /** What came of each stream. */
  streams(): StreamFigures[] {
    return [...this.#streams.values()];
  }

  /** What each worker thread did. */
  workers(): WorkerFigures[] {
    return [...this.#workers.values()];
  }

  snapshot(): Pick<
    RunReport,
    | 'recordsRead'
    | 'bytesRead'
    | 'batches'
    | 'countsByType'
    | 'malformed'
    | 'malformedSamples'
    | 'sourceLoss'
    | 'sourceLossOfUnknownSize'
  > {
    return {
      recordsRead: this.#recordsRead,
      bytesRead: this.#bytesRead,
      batches: this.#batches,
      countsByType: [...this.#countsByType],
      malformed: { ...this.#malformed },
      malformedSamples: [...this.#samples],
      sourceLoss: { ...this.#sourceLoss },
      sourceLossOfUnknownSize: [...this.#sourceLossOfUnknownSize],
    };
  }
}

function addTo<Key extends string>(
  sums: Partial<Record<Key, number>>,
  counts: Readonly<Partial<Record<Key, number>>>,
): void {
  for (const [key, count] of Object.entries(counts) as [Key, number][]) {
    if (count > 0) sums[key] = (sums[key] ?? 0) + count;
  }
}
