import {
  apiVersion,
  type CaptureSource,
  definePlugin,
  type FormatDefinition,
  type Logger,
  type LossCause,
  type LossCounters,
  type Origin,
  type PolicyDefinition,
  type RawOptions,
  type RecordFilter,
  type RelayBatch,
  type Sink,
  type SinkDefinition,
  type Slab,
  type SourceDefinition,
  type StreamId,
  type UnitBatch,
  type WriteReceipt,
} from '@camflow/api';
import type { SpoolPlan } from '../spool/spool-plan.ts';
import { createRun } from './create-run.ts';
import type { Run } from './run.ts';
import type { RunLimits } from './run-limits.ts';
import type { ChosenPlugin, OutputPlan } from './run-plan.ts';
import type { OutputBalance, RunReport } from './run-report.ts';

/** What one stream brings in one round. */
export interface StreamPart {
  readonly stream: StreamId;
  readonly records: Uint8Array;
  readonly loss?: LossCounters;
  readonly lossOfUnknownSize?: readonly LossCause[];
  readonly securityContexts?: RelayBatch['securityContexts'];
}

/** How a {@link RoundsSource} behaves. */
export interface SourceBehaviour {
  readonly heldBatches?: number;
  /** Waits at the end until it is told to finish. */
  readonly live?: boolean;
  /** Name of the numbering; default none. */
  readonly numbering?: string;
  /** Records of one batch at most; default as many as fit. */
  readonly batchRecords?: number;
  /** When the records of a batch were captured; by default always at the same moment. */
  readonly capturedAtMs?: (batchId: number) => number;
  /** Whether it gives again what was not committed; default true. */
  readonly rereadable?: boolean;
  readonly failAtEnd?: Error;
  readonly failOpen?: Error;
}

/** Replays rounds from memory, cut into as many batches as slabs or behaviour demand. */
export class RoundsSource implements CaptureSource {
  readonly capabilities: CaptureSource['capabilities'];
  readonly committed: number[] = [];
  readonly readIds: number[] = [];
  isOpen = false;
  readonly #behaviour: SourceBehaviour;
  readonly #parts: Iterator<readonly [part: StreamPart, lastOfRound: boolean]>;
  #part: StreamPart | undefined;
  #lastOfRound = false;
  #at = 0;
  #positions = new Map<string, number>();

  constructor(rounds: Iterable<readonly StreamPart[]>, behaviour: SourceBehaviour = {}) {
    const { live = false, heldBatches = 16, rereadable = true } = behaviour;
    this.capabilities = { finite: !live, rereadable, heldBatches, pushDown: [] };
    this.#behaviour = behaviour;
    this.#parts = partsOf(rounds);
  }

  async open(): Promise<Origin> {
    if (this.#behaviour.failOpen) throw this.#behaviour.failOpen;
    this.isOpen = true;
    const { numbering } = this.#behaviour;
    return { abi: 'camflow-0.9', machineId: 1, bootId: 2, epoch: 3, ...(numbering && { numbering }) };
  }

  async read(slab: Slab, signal: AbortSignal): Promise<RelayBatch | null> {
    if (signal.aborted) return null;
    if (this.#part === undefined) {
      const next = this.#parts.next();
      if (next.done) return this.#atEnd(signal);
      [this.#part, this.#lastOfRound] = next.value;
      this.#at = 0;
    }
    const { stream, records, loss = {}, lossOfUnknownSize = [], securityContexts = [] } = this.#part;
    const size = stream.kind === 'long' ? 4280 : 256;
    const room =
      Math.min(Math.floor(slab.bytes.length / size), this.#behaviour.batchRecords ?? Infinity) * size;
    const bytes = records.subarray(this.#at, this.#at + room);
    slab.bytes.set(bytes);
    const key = `${stream.kind}${stream.cpu}`;
    const position = this.#positions.get(key) ?? 0;
    this.#positions.set(key, position + bytes.length);
    const first = this.#at === 0;
    this.#at += bytes.length;
    const done = this.#at === records.length;
    if (done) this.#part = undefined;
    const id = (this.readIds.at(-1) ?? 0) + 1;
    this.readIds.push(id);
    return {
      id,
      abi: 'camflow-0.9',
      stream,
      byteLength: bytes.length,
      position,
      firstSequence: position / size,
      capturedAtMs: this.#behaviour.capturedAtMs?.(id) ?? 1_700_000_000_000,
      endOfRound: done && this.#lastOfRound,
      loss: first ? loss : {},
      lossOfUnknownSize: first ? lossOfUnknownSize : [],
      securityContexts: first ? securityContexts : [],
    };
  }

  async #atEnd(signal: AbortSignal): Promise<null> {
    const { live, failAtEnd } = this.#behaviour;
    if (failAtEnd) throw failAtEnd;
    if (live) await new Promise((resolve) => signal.addEventListener('abort', resolve));
    return null;
  }

  commit(id: number): void {
    this.committed.push(id);
  }

  async close(): Promise<void> {
    this.isOpen = false;
  }
}

function* partsOf(rounds: Iterable<readonly StreamPart[]>): Generator<readonly [StreamPart, boolean]> {
  for (const round of rounds) {
    for (const [index, part] of round.entries()) yield [part, index === round.length - 1];
  }
}

/** A sink that keeps what it gets. `onWrite` runs first and may throw, wait, or return a receipt. */
export class KeepingSink implements Sink {
  readonly chunks: Buffer[] = [];
  units = 0;
  isOpen = false;
  flushed = 0;
  reopened = 0;
  origin: Origin | undefined;
  onWrite: (units: UnitBatch, signal: AbortSignal) => Promise<WriteReceipt | undefined> = async () =>
    undefined;
  onOpen: () => void = () => undefined;
  #busy = false;

  async open({ origin }: { origin: Origin }): Promise<void> {
    this.onOpen();
    this.origin = origin;
    this.isOpen = true;
  }
  async write(units: UnitBatch, signal: AbortSignal): Promise<WriteReceipt | undefined> {
    if (this.#busy) throw new Error('write while another call runs');
    this.#busy = true;
    try {
      const receipt = await this.onWrite(units, signal);
      this.chunks.push(Buffer.from(units.bytes));
      this.units += units.count;
      return receipt;
    } finally {
      this.#busy = false;
    }
  }
  async flush(): Promise<void> {
    this.flushed++;
  }
  async reopen(): Promise<void> {
    if (this.#busy) throw new Error('reopen while another call runs');
    this.reopened++;
  }
  async close(): Promise<void> {
    this.isOpen = false;
  }
  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }
  get lines(): string[] {
    return this.bytes.toString().split('\n').slice(0, -1);
  }
}

/** Log lines of a run. */
export class KeptLog implements Logger {
  readonly lines: string[] = [];
  debug(message: string): void {
    this.lines.push(`debug ${message}`);
  }
  info(message: string, fields: object = {}): void {
    this.lines.push(`info ${message} ${JSON.stringify(fields)}`);
  }
  warn(message: string, fields: object = {}): void {
    this.lines.push(`warn ${message} ${JSON.stringify(fields)}`);
  }
  error(message: string, fields: object = {}): void {
    this.lines.push(`error ${message} ${JSON.stringify(fields)}`);
  }
  matching(text: string): string[] {
    return this.lines.filter((line) => line.includes(text));
  }
}

function chosen<Definition>(
  definition: Definition,
  section: string,
  moduleUrl: string,
  rawOptions: RawOptions = {},
): ChosenPlugin<Definition> {
  return { definition, moduleUrl, requested: section, section, rawOptions };
}

/** What a test asks of {@link makeRun}. */
export interface RunRequest {
  readonly source: CaptureSource;
  /** Name of a fixture and sink, for each output. */
  readonly outputs: readonly (readonly [format: string, sink: Sink])[];
  readonly filter?: RecordFilter | null;
  readonly workers?: number;
  readonly slabBytes?: number;
  readonly drainTimeoutMs?: number;
  readonly limits?: RunLimits;
  readonly log?: Logger;
  /** Default none. */
  readonly shed?: readonly string[];
  /** The spool of each output; default none. */
  readonly spools?: readonly (SpoolPlan | undefined)[];
}

/** A run over plugins made in a test, with formats from `test-fixtures`. */
export function makeRun(request: RunRequest): Run {
  const {
    filter = null,
    workers = 2,
    slabBytes = 136_960,
    drainTimeoutMs = 2_000,
    log = new KeptLog(),
  } = request;
  const common = { summary: 'made in a test', apiVersion };
  const source: SourceDefinition = definePlugin({
    ...common,
    kind: 'source',
    name: 'rounds',
    create: () => request.source,
  });
  const policy: PolicyDefinition = definePlugin({
    ...common,
    kind: 'policy',
    name: 'given',
    create: () => ({ compile: () => ({ hash: 'f00d', pushDown: null, filter }) }),
  });
  const outputs = request.outputs.map(([format, sink], index): OutputPlan => {
    const sinkDefinition: SinkDefinition = definePlugin({
      ...common,
      kind: 'sink',
      name: 'keeping',
      create: () => sink,
    });
    const formatDefinition: FormatDefinition = definePlugin({
      ...common,
      kind: 'format',
      name: format,
      mediaType: 'text/plain',
      framing: 'frames',
      create: () => {
        throw new Error('formats are made in workers only');
      },
    });
    const moduleUrl = new URL(`../../test-fixtures/${format}.js`, import.meta.url).href;
    return {
      name: `output${index}`,
      sink: chosen(sinkDefinition, `output${index}`, 'test:'),
      format: chosen(formatDefinition, format, moduleUrl),
      ...(request.spools?.[index] && { spool: request.spools[index] }),
    };
  });
  return createRun(
    {
      source: chosen(source, 'rounds', 'test:'),
      policy: chosen(policy, 'given', 'test:'),
      outputs,
      workers,
      slabBytes,
      drainTimeoutMs,
      ...(request.shed && { shed: request.shed }),
    },
    { log, ...(request.limits ? { limits: request.limits } : {}) },
  );
}

/** Starts a run and waits for its end. */
export async function runToEnd(request: RunRequest): Promise<RunReport> {
  const run = makeRun(request);
  await run.start();
  return run.ended;
}

/** What is left of `produced` when all else is taken off: 0 in a balance that is right. */
export function imbalance(balance: OutputBalance): number {
  const { resumed, produced, delivered, filtered, dropped, spooled, pending } = balance;
  const lost = Object.values(dropped).reduce((sum, records) => sum + records, 0);
  return resumed + produced - delivered - filtered - lost - spooled - pending;
}
