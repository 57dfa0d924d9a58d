import type { FormatInfo, RawOptions, Sink, SinkDefinition, UnitBatch, WriteReceipt } from '@camflow/api';
import { acceptedOptions } from '../fakes/accepted-options.ts';
import { testOrigin } from '../fakes/record-batch.ts';
import { createTestLogger } from '../fakes/test-logger.ts';
import { offered, soonMs } from './abilities.ts';
import { type Arrived, matchUnits } from './match-units.ts';

/**
 * What a suite can ask of the place that a sink writes to.
 *
 * - `readBack`: read again what was delivered
 * - `stall`: make the other side stop taking, and take again
 * - `fail`: options with which the output cannot work
 * - `footprint`: describe everything that a sink could leave behind
 */
export type SinkAbility = 'readBack' | 'stall' | 'fail' | 'footprint';

/** A fresh place to write to: a folder, a socket with its reader, a broker with its subscriber. */
export interface SinkSubject {
  /** Options that make a sink write there. */
  readonly options: RawOptions;
  /** Everything delivered so far, units only: without what the transport adds. Called after `flush` or `close`. */
  readBack?(): Promise<Uint8Array>;
  /** Makes the other side stop taking. */
  stall?(): Promise<void>;
  /** Makes it take again. */
  resume?(): Promise<void>;
  /** Options with which `check` or `open` must fail. */
  readonly unusable?: RawOptions;
  /** Describes what is there: files, connections. Equal texts mean that nothing was left behind. */
  footprint?(): Promise<string>;
  /** Clears the place away. Called once, after the sink was closed. */
  dispose?(): Promise<void>;
}

/** A sink on trial. */
export interface SinkSuiteOptions<Options = never> {
  readonly definition: SinkDefinition<Options>;
  /** Makes a fresh place to write to; called for every rule. */
  readonly factory: () => SinkSubject | Promise<SinkSubject>;
  /** What the place, by its nature, cannot do. Everything else the factory must offer. */
  readonly cannot?: readonly SinkAbility[];
  /** The format of the units. Default: lines of JSON. */
  readonly format?: FormatInfo;
  /** Makes the unit of a number, different for each. Default: a line of JSON. */
  readonly unit?: (index: number, byteLength: number) => Uint8Array;
  /** Size of the largest unit to try. It must arrive, or be reported as lost. Default 256 KiB. */
  readonly largeUnitBytes?: number;
}

const jsonLines: FormatInfo = { name: 'trial', mediaType: 'application/x-ndjson', framing: 'lines' };

function jsonLine(index: number, byteLength: number): Uint8Array {
  const line = `{"unit":${index},"text":"é \\"${'x'.repeat(index % 90)}`;
  return Buffer.from(`${line.padEnd(byteLength - 4, '.')}"}\n`);
}

/** Units by their numbers, with garbage behind them where asked for. */
export interface TrialBatch extends UnitBatch {
  readonly bytes: Buffer;
}

/** Puts a sink through its life. */
export class SinkTrial {
  readonly definition: SinkDefinition<unknown>;
  readonly cannot: readonly SinkAbility[];
  readonly largeUnitBytes: number;
  readonly #suite: SinkSuiteOptions<unknown>;

  constructor(suite: SinkSuiteOptions<unknown>) {
    this.#suite = suite;
    this.definition = suite.definition;
    this.cannot = suite.cannot ?? [];
    this.largeUnitBytes = suite.largeUnitBytes ?? 256 * 1024;
  }

  can(ability: SinkAbility): boolean {
    return !this.cannot.includes(ability);
  }

  /** The unit of a number. */
  unit(index: number, byteLength = 0): Uint8Array {
    return (this.#suite.unit ?? jsonLine)(index, byteLength);
  }

  /** Units as a batch of one record each. */
  batch(units: readonly Uint8Array[]): TrialBatch {
    const bytes = Buffer.concat(units);
    const ends = new Uint32Array(units.length);
    let end = 0;
    for (const [i, unit] of units.entries()) ends[i] = end += unit.length;
    return { bytes, count: units.length, ends, records: new Uint32Array(units.length).fill(1) };
  }

  /** The units of these numbers, as a batch. */
  numbered(from: number, to: number): TrialBatch {
    return this.batch(Array.from({ length: to - from }, (_, i) => this.unit(from + i)));
  }

  /** Makes a sink with these options. */
  async create(options: RawOptions): Promise<Sink> {
    const accepted = await acceptedOptions(this.definition, options);
    const context = { log: createTestLogger(), section: this.definition.name };
    return this.definition.create(accepted, { ...context, format: this.#suite.format ?? jsonLines });
  }

  /** Makes a place and a sink, opens it, runs the trial, closes and clears away. */
  async run(trial: (session: SinkSession) => Promise<void>): Promise<void> {
    await this.inPlace(async (subject) => {
      const sink = await this.create(subject.options);
      try {
        await sink.check?.();
        await sink.open({ origin: testOrigin });
        await trial(new SinkSession(sink, subject));
      } finally {
        await sink.close();
      }
    });
  }

  /** Makes a place, runs the trial, clears away. */
  async inPlace(trial: (subject: SinkSubject) => Promise<void>): Promise<void> {
    const subject = await this.#suite.factory();
    try {
      await trial(subject);
    } finally {
      await subject.dispose?.();
    }
  }
}

/** An open sink, and the place it writes to. */
export class SinkSession {
  readonly sink: Sink;
  readonly subject: SinkSubject;

  constructor(sink: Sink, subject: SinkSubject) {
    this.sink = sink;
    this.subject = subject;
  }

  /** Writes, without ever stopping. */
  write(batch: UnitBatch): Promise<WriteReceipt | undefined> {
    return this.sink.write(batch, new AbortController().signal);
  }

  /** Flushes and reads again what is there, until all these units are, or nothing more comes. */
  async arrived(units: readonly Uint8Array[]): Promise<Arrived> {
    const readBack = offered(this.subject.readBack, 'readBack').bind(this.subject);
    await this.sink.flush?.();
    const deadline = Date.now() + soonMs;
    for (;;) {
      const arrived = matchUnits(await readBack(), units);
      const complete = new Set(arrived.order).size === units.length;
      if (complete || Date.now() > deadline) return arrived;
      await new Promise((resolve) => setTimeout(resolve, 25));
    }
  }
}
