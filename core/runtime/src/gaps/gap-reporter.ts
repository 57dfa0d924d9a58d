import {
  type Abi,
  abis,
  type LossCause,
  type Origin,
  type RelayBatch,
  recorderCpu,
  type StreamId,
} from '@camflow/api';
import type { Output } from '../delivery/output.ts';
import type { AcceptedBatch } from '../pipeline/accepted-batch.ts';
import { firstNumberOf, type Gap } from './gap.ts';
import { mostGapBytes, writeGap } from './gap-record.ts';
import { UntoldGaps } from './untold-gaps.ts';

/** Gaps that one batch tells. */
const gapsPerBatch = 32;
/** Batches of gaps that may be on their way at once. */
export const mostGapBatches = 4;
/** How long a loss may go on before it is told, in milliseconds. */
const tellMs = 1000;

/** Bytes that {@link GapReporter} needs of the memory that workers read. */
export const gapMemoryBytes: number = mostGapBatches * gapsPerBatch * mostGapBytes;

/** What a reporter works with. */
export interface GapReporterParts {
  readonly origin: Origin;
  /** Of {@link gapMemoryBytes}, within the memory that workers read. */
  readonly memory: Uint8Array;
  /** Whether the source ends by itself: then gaps are told at the end, so that output does not depend on time. */
  readonly finite: boolean;
  readonly dispatch: (batch: AcceptedBatch) => Promise<void>;
}

/**
 * Puts gaps into the output: as records of the recorder's own, which every format writes in its own way. A loss
 * that goes on is told once a second, not for each batch. A gap stays in the accounts of an output until that has it.
 */
export class GapReporter {
  readonly #parts: GapReporterParts;
  readonly #abi: Abi;
  #untold = new Map<Output, UntoldGaps>();
  /** Of outputs that were taken out, too: they may still have what is on its way to them. */
  readonly #ofAll = new WeakMap<Output, UntoldGaps>();
  readonly #free: Uint8Array[] = [];
  readonly #firstNumber: bigint;
  #numbered = 0;
  #sequence = 0;
  #timer: NodeJS.Timeout | undefined;
  #ended = false;

  constructor(parts: GapReporterParts) {
    this.#parts = parts;
    this.#abi = abis.get(parts.origin.abi)!;
    this.#firstNumber = parts.finite ? 0n : firstNumberOf(Date.now());
    const { memory } = parts;
    const size = memory.length / mostGapBatches;
    for (let i = 0; i < mostGapBatches; i++) this.#free.push(memory.subarray(i * size, (i + 1) * size));
  }

  /** Gaps told so far. */
  get told(): number {
    return this.#sequence;
  }

  /** From now on the output is told of its gaps, those first that an earlier run left in its accounts. */
  adopt(output: Output): void {
    const { ledger } = output.store;
    const untold = new UntoldGaps(ledger?.untold());
    this.#untold.set(output, untold);
    this.#ofAll.set(output, untold);
    if (ledger !== undefined) {
      ledger.untold = () => untold.all();
      ledger.moveSpooled = (until, to, except) => {
        untold.moveSpooled(until, to, except);
        if (to === 'dropped') this.#tellIn(tellMs);
      };
    }
    if (untold.all().length > 0) this.#tellIn(0);
  }

  /** All outputs lost records. */
  lost(gap: Gap): void {
    this.lostBy([...this.#untold.keys()], gap);
  }

  /** Some outputs lost records. */
  lostBy(outputs: readonly Output[], gap: Gap): void {
    for (const output of outputs) {
      const isNew = this.#ofAll.get(output)?.add(gap) === true;
      // One that has a number was counted before.
      if (isNew && gap.count === undefined && gap.number === undefined) output.loseUnknown(gap.cause);
    }
    this.#tellIn(tellMs);
  }

  /**
   * Goes on with other outputs, all of which are adopted.
   * @param successorOf - the output that is told what another one that goes could not be told
   */
  use(outputs: readonly Output[], successorOf: (output: Output) => Output | undefined): void {
    const before = this.#untold;
    this.#untold = new Map([...before].filter(([output]) => outputs.includes(output)));
    for (const [output, gaps] of before) {
      const successor = successorOf(output);
      if (successor !== undefined && successor !== output) this.#untold.get(successor)?.takeOver(gaps);
    }
  }

  /** Tells what is not told yet. Settles when it is dispatched, as far as there is memory for it. */
  async tell(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#number();
    while (!this.#ended) {
      const next = this.#next();
      if (next === undefined) return;
      const memory = this.#free.pop();
      // More are on their way than there is memory for: the rest follows.
      if (memory === undefined) return this.#tellIn(tellMs);
      for (const output of next.outputs) for (const gap of next.gaps) this.#untold.get(output)!.send(gap);
      await this.#parts.dispatch(this.#batchOf(next.gaps, next.outputs, memory));
    }
  }

  /** Nothing more is told. */
  end(): void {
    this.#ended = true;
    clearTimeout(this.#timer);
  }

  #tellIn(delayMs: number): void {
    if (this.#parts.finite || this.#ended) return;
    this.#timer ??= setTimeout(() => void this.tell(), delayMs).unref();
  }

  /** Gives numbers to gaps, the same one to what is the same for several outputs, and puts them on record. */
  async #number(): Promise<void> {
    const numbers = new Map<string, string>();
    const changed = new Set<Output>();
    for (const [output, untold] of this.#untold) {
      for (const gap of untold.waiting()) {
        if (gap.number !== undefined) continue;
        const content = JSON.stringify(gap);
        const number = numbers.get(content) ?? String(this.#firstNumber + BigInt(this.#numbered++));
        numbers.set(content, number);
        untold.number(gap, number);
        changed.add(output);
      }
    }
    await Promise.all([...changed].map((output) => output.store.save()));
  }

  /** Gaps that wait and go to the same outputs. */
  #next(): { readonly gaps: readonly Gap[]; readonly outputs: readonly Output[] } | undefined {
    const outputsOf = ({ number }: Gap): Output[] =>
      [...this.#untold].filter(([, untold]) => untold.isWaiting(number!)).map(([output]) => output);
    for (const untold of this.#untold.values()) {
      const numbered = untold.waiting().filter(({ number }) => number !== undefined);
      if (numbered.length === 0) continue;
      const outputs = outputsOf(numbered[0]!);
      const sameOutputs = (gap: Gap): boolean => {
        const others = outputsOf(gap);
        return others.length === outputs.length && others.every((output, i) => output === outputs[i]);
      };
      return { gaps: numbered.filter(sameOutputs).slice(0, gapsPerBatch), outputs };
    }
    return undefined;
  }

  #batchOf(gaps: readonly Gap[], outputs: readonly Output[], memory: Uint8Array): AcceptedBatch {
    const { origin } = this.#parts;
    const firstSequence = this.#sequence;
    let byteLength = 0;
    for (const gap of gaps) {
      byteLength += writeGap(memory.subarray(byteLength), this.#abi, gap, origin, this.#sequence++);
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
      read: { id: 0, sinceMs: 0, open: 1 },
      only: new Set(outputs),
      release: () => this.#free.push(memory),
      moved: (output, to) => {
        for (const gap of gaps) this.#ofAll.get(output)?.move(gap, to);
        if (to === 'dropped') this.#tellIn(tellMs);
      },
    };
  }
}

/** The gaps that what was lost before a batch makes. */
export function gapsOf(
  { loss, lossOfUnknownSize = [] }: Pick<RelayBatch, 'loss' | 'lossOfUnknownSize'>,
  stream: StreamId | undefined,
  fromMs: number,
  untilMs: number,
): Gap[] {
  // A clock that was set back in between makes no interval that ends before it begins.
  const interval = { fromMs: Math.min(fromMs, untilMs), untilMs };
  const counted = (Object.entries(loss) as [LossCause, number][]).filter(([, count]) => count > 0);
  return [
    ...counted.map(([cause, count]) => ({ cause, stream, count, ...interval })),
    ...lossOfUnknownSize.map((cause) => ({ cause, stream, count: undefined, ...interval })),
  ];
}
