import { type Abi, abis, type LossCause, type Origin, recorderCpu, type StreamId } from '@camflow/api';
import type { Output } from '../delivery/output.ts';
import type { AcceptedBatch } from '../pipeline/accepted-batch.ts';
import { type Gap, GapList } from './gap.ts';
import { mostGapBytes, writeGap } from './gap-record.ts';

/** Gaps that one batch tells. */
const gapsPerBatch = 32;
const buffers = 4;
/** How long a loss may go on before it is told, in milliseconds. */
const tellMs = 1000;

/** Bytes that {@link GapReporter} needs of the memory that workers read. */
export const gapMemoryBytes: number = buffers * gapsPerBatch * mostGapBytes;

/** What a reporter works with. */
export interface GapReporterParts {
  readonly outputs: readonly Output[];
  readonly origin: Origin;
  /** Of {@link gapMemoryBytes}, within the memory that workers read. */
  readonly memory: Uint8Array;
  /** Whether the source ends by itself: then gaps are told at the end, so that output does not depend on time. */
  readonly finite: boolean;
  readonly dispatch: (batch: AcceptedBatch) => Promise<void>;
}

/**
 * Puts gaps into the output: as records of the recorder's own, which every format writes in its own way. A loss
 * that goes on is told once a second, not for each batch.
 */
export class GapReporter {
  readonly #parts: GapReporterParts;
  readonly #abi: Abi;
  readonly #everyone = new GapList();
  #own: ReadonlyMap<Output, GapList>;
  readonly #free: Uint8Array[] = [];
  readonly #firstNumber: bigint;
  #sequence = 0;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(parts: GapReporterParts) {
    this.#parts = parts;
    this.#abi = abis.get(parts.origin.abi)!;
    this.#own = new Map(parts.outputs.map((output) => [output, new GapList()]));
    this.#firstNumber = parts.finite ? 0n : BigInt(Date.now()) << 20n;
    const { memory } = parts;
    const size = memory.length / buffers;
    for (let i = 0; i < buffers; i++) this.#free.push(memory.subarray(i * size, (i + 1) * size));
  }

  /** Gaps told so far. */
  get told(): number {
    return this.#sequence;
  }

  /** All outputs lost records. */
  lost(gap: Gap): void {
    this.#everyone.add(gap);
    this.#tellSoon();
  }

  /** Some outputs lost records. */
  lostBy(outputs: readonly Output[], gap: Gap): void {
    for (const output of outputs) this.#own.get(output)?.add(gap);
    this.#tellSoon();
  }

  /** Gaps of an output that could not be told in this run. */
  untold(output: Output): readonly Gap[] {
    return [...this.#everyone.all(), ...(this.#own.get(output)?.all() ?? [])];
  }

  /**
   * Goes on with other outputs.
   * @param successorOf - the output that is told what another one that goes could not be told
   */
  use(outputs: readonly Output[], successorOf: (output: Output) => Output | undefined): void {
    const before = this.#own;
    this.#own = new Map(outputs.map((output) => [output, before.get(output) ?? new GapList()]));
    for (const [output, list] of before) {
      const successor = successorOf(output);
      if (successor === undefined || this.#own.has(output)) continue;
      for (const gap of list.all()) this.#own.get(successor)?.add(gap);
    }
  }

  /** Tells what is not told yet. Settles when it is dispatched, as far as there is memory for it. */
  async tell(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#tellList(this.#everyone, undefined);
    for (const [output, list] of this.#own) await this.#tellList(list, [output]);
  }

  /** Nothing more is told. */
  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
  }

  #tellSoon(): void {
    if (this.#parts.finite || this.#ended) return;
    this.#timer ??= setTimeout(() => void this.tell(), tellMs).unref();
  }

  async #tellList(list: GapList, outputs: readonly Output[] | undefined): Promise<void> {
    while (!list.isEmpty && !this.#ended) {
      const memory = this.#free.pop();
      // More are on their way than there is memory for: the rest follows.
      if (memory === undefined) return this.#tellSoon();
      const gaps = list.take(gapsPerBatch);
      await this.#parts.dispatch(this.#batchOf(gaps, outputs, memory));
    }
  }

  #batchOf(gaps: readonly Gap[], outputs: readonly Output[] | undefined, memory: Uint8Array): AcceptedBatch {
    const { origin } = this.#parts;
    const firstSequence = this.#sequence;
    let byteLength = 0;
    for (const gap of gaps) {
      const number = this.#firstNumber + BigInt(this.#sequence);
      byteLength += writeGap(memory.subarray(byteLength), this.#abi, gap, origin, number, this.#sequence++);
    }
    return {
      relay: {
        id: 0,
        abi: this.#abi.id,
        stream: { cpu: recorderCpu, kind: 'short' },
        byteLength,
        position: (firstSequence * byteLength) / gaps.length,
        firstSequence,
        capturedAtMs: Math.max(...gaps.map(({ untilMs }) => untilMs)),
        endOfRound: true,
        loss: {},
        securityContexts: [],
      },
      abi: this.#abi,
      slab: { index: -1, bytes: memory },
      records: gaps.length,
      byteLength,
      read: { id: 0, open: 1 },
      ...(outputs && { only: new Set(outputs) }),
      release: () => this.#free.push(memory),
    };
  }
}

/** The gaps that a loss of some causes makes. */
export function gapsOf(
  loss: Readonly<Partial<Record<LossCause, number>>>,
  stream: StreamId | undefined,
  fromMs: number,
  untilMs: number,
): Gap[] {
  return (Object.entries(loss) as [LossCause, number][])
    .filter(([, count]) => count > 0)
    .map(([cause, count]) => ({ cause, stream, count, fromMs, untilMs }));
}
