import {
  abiCamflow09,
  abis,
  type CaptureSource,
  measureRecords,
  type Origin,
  type RawOptions,
  type RelayBatch,
  type SourceDefinition,
} from '@camflow/api';
import { acceptedOptions } from '../fakes/accepted-options.ts';
import { createTestLogger } from '../fakes/test-logger.ts';
import { soon } from './abilities.ts';

/**
 * What a suite can ask of the place that a source reads from.
 *
 * - `fail`: options with which the source cannot be opened
 * - `observe`: say how much has been taken so far
 */
export type SourceAbility = 'fail' | 'observe';

/** A fresh place to read from, with records in it. */
export interface SourceSubject {
  /** Options that make a source read from there. */
  readonly options: RawOptions;
  /** Everything that must come out, by stream: keys are `short 0`, `long 1`. At least two streams, and some 100 KB. */
  readonly expected: ReadonlyMap<string, Uint8Array>;
  /** Options with which `open` must fail. */
  readonly unusable?: RawOptions;
  /** Bytes taken from the place so far. */
  taken?(): number;
  /** Clears the place away. Called once, after the source was closed. */
  dispose?(): Promise<void>;
}

/** A source on trial. */
export interface SourceSuiteOptions<Options = never> {
  readonly definition: SourceDefinition<Options>;
  /** Makes a fresh place with records; called for every rule. */
  readonly factory: () => SourceSubject | Promise<SourceSubject>;
  /** What the place, by its nature, cannot do. Everything else the factory must offer. */
  readonly cannot?: readonly SourceAbility[];
  /** Bytes of a slab, enough for a long record. Default 34,240: eight of them. */
  readonly slabBytes?: number;
}

/** A batch, with a copy of its bytes. */
export interface ReadBatch extends RelayBatch {
  readonly copy: Buffer;
}

/** What came out of a source. */
export interface Reading {
  readonly batches: readonly ReadBatch[];
  /** Whether `read` gave null. */
  readonly ended: boolean;
}

const guardBytes = 64;

/** Memory for one batch, with guards on both sides that must stay as they are. */
export class GuardedSlab {
  readonly bytes: Uint8Array;
  readonly index: number;
  readonly #all: Uint8Array;

  constructor(index: number, byteLength: number) {
    this.index = index;
    this.#all = new Uint8Array(new SharedArrayBuffer(byteLength + 2 * guardBytes)).fill(0xa5);
    this.bytes = this.#all.subarray(guardBytes, guardBytes + byteLength);
  }

  /** Whether the guards are as they were. */
  get intact(): boolean {
    const guards = [...this.#all.subarray(0, guardBytes), ...this.#all.subarray(-guardBytes)];
    return guards.every((byte) => byte === 0xa5);
  }
}

/** A source that was opened. */
export interface SourceSession {
  readonly source: CaptureSource;
  readonly origin: Origin;
  readonly subject: SourceSubject;
}

/** Puts a source through its life. */
export class SourceTrial {
  readonly definition: SourceDefinition<unknown>;
  readonly cannot: readonly SourceAbility[];
  readonly slabBytes: number;
  readonly #suite: SourceSuiteOptions<unknown>;

  constructor(suite: SourceSuiteOptions<unknown>) {
    this.#suite = suite;
    this.definition = suite.definition;
    this.cannot = suite.cannot ?? [];
    this.slabBytes = suite.slabBytes ?? 34_240;
  }

  can(ability: SourceAbility): boolean {
    return !this.cannot.includes(ability);
  }

  /** Makes a source with these options. */
  async create(options: RawOptions): Promise<CaptureSource> {
    const accepted = await acceptedOptions(this.definition, options);
    return this.definition.create(accepted, { log: createTestLogger(), section: this.definition.name });
  }

  /** Makes a place and a source, opens it, runs the trial, closes and clears away. */
  async run(trial: (session: SourceSession) => Promise<void>): Promise<void> {
    await this.inPlace(async (subject) => {
      const source = await this.create(subject.options);
      try {
        const origin = await source.open(new AbortController().signal);
        await trial({ source, origin, subject });
      } finally {
        await source.close();
      }
    });
  }

  /** Makes a place, runs the trial, clears away. */
  async inPlace(trial: (subject: SourceSubject) => Promise<void>): Promise<void> {
    const subject = await this.#suite.factory();
    try {
      await trial(subject);
    } finally {
      await subject.dispose?.();
    }
  }

  /**
   * Reads everything that must come. A source without an end is then asked to finish. A source that never ends
   * is given up after a while: whether it ends is a rule of its own.
   */
  async readAll(
    { source, subject }: Pick<SourceSession, 'source' | 'subject'>,
    onBatch: (batch: ReadBatch, slab: GuardedSlab) => void = () => {},
  ): Promise<Reading> {
    const slabs = [0, 1, 2].map((index) => new GuardedSlab(index, this.slabBytes));
    const stop = new AbortController();
    const batches: ReadBatch[] = [];
    let missing = [...subject.expected.values()].reduce((sum, { length }) => sum + length, 0);
    for (let empty = 0; empty < 100; ) {
      if (missing <= 0 && !source.capabilities.finite) stop.abort();
      const slab = slabs[batches.length % slabs.length]!;
      const batch = await soon(source.read(slab, stop.signal), 'read');
      if (batch === null) return { batches, ended: true };
      const read = { ...batch, copy: Buffer.from(Uint8Array.from(slab.bytes.subarray(0, batch.byteLength))) };
      missing -= batch.byteLength;
      empty = batch.byteLength === 0 ? empty + 1 : 0;
      batches.push(read);
      onBatch(read, slab);
    }
    return { batches, ended: false };
  }
}

/** Name of a batch's stream, as `SourceSubject.expected` has it. */
export function streamKey({ stream }: RelayBatch): string {
  return `${stream.kind} ${stream.cpu}`;
}

/** The whole records at the start of a batch. Whether its interface is known is a rule of its own. */
export function recordsIn({ abi, stream, copy }: ReadBatch): { records: number; byteLength: number } {
  return measureRecords(abis.get(abi) ?? abiCamflow09, stream.kind, copy, 0, copy.length);
}
