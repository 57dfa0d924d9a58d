import { type Logger, recorderCpu } from '@camflow/api';
import type { CommitTracker } from '../delivery/commit-tracker.ts';
import type { Offer } from '../delivery/delivery-queue.ts';
import type { Output } from '../delivery/output.ts';
import { SharedUnits } from '../delivery/units.ts';
import type { BatchResult, FormatResult, UnitBuffers } from '../worker/messages.ts';
import { type AcceptedBatch, markOf } from './accepted-batch.ts';
import type { RunStatistics } from './run-statistics.ts';

/** Failures of formatters that are logged one by one; all are counted. */
const mostFailuresLogged = 16;

const nothing: Pick<FormatResult, 'filtered' | 'dropped'> = { filtered: 0, dropped: {} };

/** One format of a run, with the outputs that want it. */
export interface FormatRoute {
  /** Name of the format in log lines. */
  readonly format: string;
  readonly outputs: readonly Output[];
}

/** Told of records of a batch that some outputs lost on the way to their format. */
export type DistributorLoss = (
  outputs: readonly Output[],
  dropped: FormatResult['dropped'],
  batch: AcceptedBatch,
) => void;

/** Hands results, in the order of dispatch, to the outputs, and keeps the memory of units for the next batches. */
export class Distributor {
  #routes: readonly FormatRoute[];
  readonly #commits: CommitTracker;
  readonly #statistics: RunStatistics;
  readonly #numbering: string;
  readonly #runNumbering: string;
  readonly #onLoss: DistributorLoss;
  readonly #log: Logger;
  /**
   * Memory of batches that are settled, for each format. All of it is kept: as much as slabs and queues let out at
   * once. V8 does not count shared memory, so what were let go might stay for long.
   */
  #spares: UnitBuffers[][];
  #failuresLogged = 0;

  /**
   * @param numbering - names the numbering of the records of the run
   * @param runNumbering - names that of records whose numbers mean nothing to another run: gaps, and what a source
   *   that is re-readable cannot give again
   */
  constructor(
    routes: readonly FormatRoute[],
    commits: CommitTracker,
    statistics: RunStatistics,
    numbering: string,
    runNumbering: string,
    onLoss: DistributorLoss,
    log: Logger,
  ) {
    this.#routes = routes;
    this.#commits = commits;
    this.#statistics = statistics;
    this.#numbering = numbering;
    this.#runNumbering = runNumbering;
    this.#onLoss = onLoss;
    this.#spares = routes.map(() => []);
    this.#log = log;
  }

  /** Goes on with other formats and outputs. No batch may be at work. */
  use(routes: readonly FormatRoute[]): void {
    this.#routes = routes;
    this.#spares = routes.map((_, index) => this.#spares[index] ?? []);
  }

  /** Memory for the next batch, one for each format, undefined where none is left over. */
  takeSpares(): (UnitBuffers | undefined)[] {
    return this.#spares.map((spares) => spares.pop());
  }

  /** Settles when every output has room. */
  async roomy(): Promise<void> {
    for (const { outputs } of this.#routes) {
      for (const output of outputs) await output.roomy();
    }
  }

  /** Passes on what workers made of a batch, in parts where it had to be divided. */
  distribute(batch: AcceptedBatch, parts: readonly BatchResult[]): void {
    let firstSequence = batch.relay.firstSequence;
    for (const [position, part] of parts.entries()) {
      const last = position === parts.length - 1;
      this.#statistics.scanned(batch.relay.stream, part);
      const span = part.countsByType.reduce((sum, count) => sum + count, 0);
      for (const [index, route] of this.#routes.entries())
        this.#route(batch, route, index, part.formats[index]!, { firstSequence, span, last });
      firstSequence += span;
    }
    this.#commits.settle(batch.read);
  }

  #route(
    batch: AcceptedBatch,
    route: FormatRoute,
    index: number,
    result: FormatResult,
    place: { readonly firstSequence: number; readonly span: number; readonly last: boolean },
  ): void {
    this.#logFailures(batch, route, result);
    const { only } = batch;
    const outputs = only === undefined ? route.outputs : route.outputs.filter((output) => only.has(output));
    const { stream, capturedAtMs } = batch.relay;
    // A gap is no record of the source: it is in no account, and one that cannot be told is not worth another one.
    const isGap = stream.cpu === recorderCpu;
    const { filtered, dropped } = isGap ? nothing : result;
    if (isGap) new Uint32Array(result.buffers.records).fill(0, 0, result.unitCount);
    const spares = this.#spares[index]!;
    const recycle = (buffers: UnitBuffers): void => {
      if (buffers.bytes.byteLength > 0) spares.push(buffers);
    };
    if (outputs.length === 0) {
      recycle(result.buffers);
      return;
    }
    if (!isGap) this.#onLoss(outputs, dropped, batch);
    const { firstSequence, span } = place;
    const mark = markOf(batch);
    const numbering = mark === undefined ? this.#runNumbering : this.#numbering;
    const source = { numbering, stream, firstSequence, firstUnit: 0 };
    const units = new SharedUnits(result, source, outputs.length, recycle);
    const { memoryBytes } = units;
    const records = isGap ? 0 : units.records;
    const parcel = {
      ...source,
      span,
      // An output that has the batch in part has not had it.
      ...(place.last && mark !== undefined && { mark }),
      capturedAtMs,
      last: true,
      filtered,
      dropped,
      records,
      units: units.batch,
    };
    batch.read.open += outputs.length;
    for (const output of outputs) {
      const offer: Offer = {
        parcel,
        memoryBytes,
        release: () => units.release(),
        moved: (to) => batch.moved?.(output, to),
        settled: () => this.#commits.settle(batch.read),
      };
      output.offer(offer, mark);
    }
  }

  #logFailures(batch: AcceptedBatch, route: FormatRoute, result: FormatResult): void {
    const { cpu, kind } = batch.relay.stream;
    for (const { position, message } of result.failures) {
      if (this.#failuresLogged++ >= mostFailuresLogged) return;
      const place = { format: route.format, cpu, kind, position };
      this.#log.error('a format failed on a record, which is counted as lost', { ...place, error: message });
    }
  }
}
