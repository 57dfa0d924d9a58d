import { randomBytes } from 'node:crypto';
import {
  type Abi,
  createRecordTable,
  encodeText,
  fieldOf,
  identifierBytes,
  type Logger,
  nodeTypeNamed,
  type RecordTable,
  type RelayBatch,
  scanRecords,
  textEnd,
} from '@camflow/api';
import type { RunLimits } from '../run/run-limits.ts';
import { momentIn } from './moment.ts';
import { createSharedTable, type SharedTable } from './shared-table.ts';
import { TableWriter, type TextPlace } from './table-writer.ts';

/** The kernel keeps a context, and a path, within a page. */
const longestContextBytes = 4096;
const longestNameBytes = 4096;

/** The state of both tables at the dispatch of a batch; goes with the batch to its worker. */
export interface KnownTextsState {
  readonly tick: number;
  readonly nameGeneration: number;
  readonly contextGeneration: number;
  readonly contextChanges: number;
}

const pathType = nodeTypeNamed('path')!.index;

/**
 * What the main thread learns from batches before it dispatches them: names from the `path` records of long
 * and mixed batches, and security contexts.
 */
export class KnownTexts {
  readonly nameTable: SharedTable;
  readonly contextTable: SharedTable;
  readonly #names: TableWriter;
  readonly #contexts: TableWriter;
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #records: RecordTable = createRecordTable(0);
  readonly #contextKey: Int32Array = new Int32Array(1);
  readonly #log: Logger;
  #contextChanges = 0;
  #warned = false;

  constructor(memory: SharedArrayBuffer, limits: RunLimits, log: Logger) {
    const seed = randomBytes(4).readInt32LE();
    this.nameTable = createSharedTable({ ...limits.names, keyWords: identifierBytes / 4, seed });
    this.contextTable = createSharedTable({ ...limits.securityContexts, keyWords: 1, seed });
    this.#names = new TableWriter(this.nameTable);
    this.#contexts = new TableWriter(this.contextTable);
    this.#words = new Int32Array(memory);
    this.#bytes = new Uint8Array(memory);
    this.#log = log;
  }

  get names(): { readonly known: number; readonly evicted: number } {
    return { known: this.#names.known, evicted: this.#names.evicted };
  }

  /** What a batch with this number may see. */
  stateAt(tick: number): KnownTextsState {
    return {
      tick,
      nameGeneration: this.#names.generation,
      contextGeneration: this.#contexts.generation,
      contextChanges: this.#contextChanges,
    };
  }

  /**
   * Takes in what a batch brings, visible to batches from `tick` on; in a long batch, to the records behind it.
   * @param start - where the batch stands in the memory
   * @param workersIdle - waited for before a table drops its older half, which workers may be reading
   */
  async learn(
    batch: RelayBatch,
    abi: Abi,
    start: number,
    tick: number,
    workersIdle: () => Promise<void>,
  ): Promise<void> {
    for (const [secid, text] of batch.securityContexts) {
      this.#contextKey[0] = secid;
      const bytes = encodeText(text);
      const place = { bytes, start: 0, end: Math.min(bytes.length, longestContextBytes) };
      const full = this.#insert(this.#contexts, this.#contextKey, 0, place, tick, workersIdle);
      if (full !== undefined) await full;
    }
    if (batch.stream.kind === 'short') return;
    scanRecords(abi, batch.stream.kind, this.#words, start, batch.byteLength, this.#records);
    const { offsets, types } = this.#records;
    const nameField = fieldOf('path', 'name', abi.shapes);
    for (let i = 0; i < this.#records.count; i++) {
      if (types[i] !== pathType) continue;
      const offset = offsets[i]!;
      const text = offset + nameField.offset;
      const end = Math.min(textEnd(this.#bytes, offset, nameField), text + longestNameBytes);
      const moment = batch.stream.kind === 'long' ? momentIn(tick, offset - start) : tick;
      const full = this.#insert(
        this.#names,
        this.#words,
        offset >>> 2,
        { bytes: this.#bytes, start: text, end },
        moment,
        workersIdle,
      );
      if (full !== undefined) await full;
    }
  }

  /** Waits only when the table is full: a promise per record would cost more than the record. */
  #insert(
    table: TableWriter,
    words: Int32Array,
    at: number,
    text: TextPlace,
    moment: number,
    workersIdle: () => Promise<void>,
  ): Promise<void> | undefined {
    const outcome = table.insert(words, at, text, moment);
    if (outcome === 'added' && table === this.#contexts) this.#contextChanges++;
    if (outcome !== 'full') return undefined;
    return workersIdle().then(() => {
      this.#rotate(table);
      table.insert(words, at, text, moment);
    });
  }

  #rotate(table: TableWriter): void {
    table.rotate();
    if (table === this.#contexts) this.#contextChanges++;
    if (this.#warned || table.evicted === 0) return;
    this.#warned = true;
    this.#log.warn('more names or security contexts than the tables hold: the oldest are forgotten', {
      names: this.#names.evicted,
      contexts: this.#contexts.evicted,
    });
  }
}
