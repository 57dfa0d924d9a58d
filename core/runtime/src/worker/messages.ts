import type { LossCause, MalformedReason, Origin, RawOptions, RecordFilter, StreamId } from '@camflow/api';
import type { KnownTextsState } from '../names/known-texts.ts';
import type { SharedTable } from '../names/shared-table.ts';

/** What a worker needs to make one formatter. */
export interface FormatRequest {
  /** File URL of the module that default-exports the definition. */
  readonly moduleUrl: string;
  /** Name that configuration used. */
  readonly requested: string;
  readonly section: string;
  readonly rawOptions: RawOptions;
}

/** What every worker thread is started with. */
export interface WorkerSetup {
  /** The slabs of the run. */
  readonly memory: SharedArrayBuffer;
  readonly names: SharedTable;
  readonly contexts: SharedTable;
  readonly formats: readonly FormatRequest[];
  readonly filter: RecordFilter | null;
  /** Indexes of the types that are shed under overload, the first to go first. */
  readonly shedOrder: readonly number[];
}

/**
 * Memory for units. It travels to a worker empty and back full, over and over, and is never copied. It is shared
 * rather than transferred: V8 counts every transfer as new memory of the receiver, and collects garbage for it.
 */
export interface UnitBuffers {
  readonly bytes: SharedArrayBuffer;
  /** As in `UnitBatch`, 32-bit. */
  readonly ends: SharedArrayBuffer;
  /** As in `UnitBatch`, 32-bit. */
  readonly records: SharedArrayBuffer;
  /** As in `UnitBatch`, 32-bit. */
  readonly names: SharedArrayBuffer;
}

/** A batch, or a part of one, for a worker. */
export interface BatchTask {
  readonly abi: string;
  readonly stream: StreamId;
  readonly origin: Origin;
  readonly position: number;
  readonly firstSequence: number;
  readonly capturedAtMs: number;
  readonly newSecurityContexts: readonly (readonly [secid: number, text: string])[];
  readonly known: KnownTextsState;
  /** Where the relay batch starts in the memory. */
  readonly slabStart: number;
  /** Where this task starts in the memory, and how many bytes of whole records it covers. */
  readonly start: number;
  readonly byteLength: number;
  /** How many types of the shedding order are left out. */
  readonly shed: number;
  /** One for each format; undefined where none is left over. */
  readonly spares: readonly (UnitBuffers | undefined)[];
}

/** A place where the bytes were not a record. */
export interface MalformedPlace {
  readonly position: number;
  readonly reason: MalformedReason;
}

/** A record on which a formatter failed. */
export interface FormatFailure {
  readonly position: number;
  readonly message: string;
}

/** What one format made of a batch. `count - filtered - dropped` records are in its units. */
export interface FormatResult {
  readonly buffers: UnitBuffers;
  readonly byteLength: number;
  readonly unitCount: number;
  /** Records that the units stand for. */
  readonly records: number;
  /** Records that the policy or the format leaves out. */
  readonly filtered: number;
  readonly dropped: Readonly<Partial<Record<LossCause, number>>>;
  /** The first few records that failed. */
  readonly failures: readonly FormatFailure[];
}

/** What a worker made of a batch. */
export interface BatchResult {
  /** Records by the index of their type; the first entry counts malformed ones. */
  readonly countsByType: Uint32Array;
  readonly malformed: Readonly<Partial<Record<MalformedReason, number>>>;
  /** The first few malformed places. */
  readonly malformedPlaces: readonly MalformedPlace[];
  /** One for each format. */
  readonly formats: readonly FormatResult[];
  /** The thread that did it, and how long it took. */
  readonly thread: number;
  readonly busyMs: number;
}

/** A CamflowError as plain data: structured cloning would strip it of its code. */
export interface WorkerFailure {
  readonly failure: { readonly code: string; readonly message: string; readonly hint?: string };
}

/** How many places and failures a result names; all are counted. */
export const samplesPerResult = 8;
