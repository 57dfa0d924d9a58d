import { decodeText, identifierBytes, type NameLookup, type SecurityContextLookup } from '@camflow/api';
import { momentIn } from './moment.ts';
import type { SharedTable } from './shared-table.ts';
import { TableReader } from './table-reader.ts';

const identifierWords = identifierBytes / 4;

/** Names as formatters see them: the key of the table is a 32-byte identifier. */
export class SharedNameLookup implements NameLookup {
  readonly #table: TableReader;
  readonly #bytes: Uint8Array;
  readonly #memory: Int32Array;
  readonly #foreign: Int32Array = new Int32Array(identifierWords);
  #tick = 0;
  #longStart: number | undefined;

  /** @param bytes - the memory of the run, in which nearly all identifiers stand */
  constructor(table: SharedTable, bytes: Uint8Array) {
    this.#table = new TableReader(table);
    this.#bytes = bytes;
    this.#memory = new Int32Array(bytes.buffer);
  }

  get generation(): number {
    return this.#table.generation;
  }

  /**
   * From here on names are those known to a batch.
   * @param longStart - where the batch starts in the memory, if it is of a long stream: each of its records knows
   *   the names before it
   */
  enter(generation: number, tick: number, longStart: number | undefined): void {
    this.#table.enter(generation);
    this.#tick = tick;
    this.#longStart = longStart;
  }

  find(bytes: Uint8Array, offset: number): number {
    if (bytes === this.#bytes) return this.#findAt(offset);
    if (bytes.buffer === this.#bytes.buffer) return this.#findAt(bytes.byteOffset + offset);
    new Uint8Array(this.#foreign.buffer).set(bytes.subarray(offset, offset + identifierBytes));
    return this.#table.find(this.#foreign, 0, this.#tick);
  }

  bytes(handle: number): Uint8Array {
    return this.#table.text(handle);
  }

  #findAt(at: number): number {
    const start = this.#longStart;
    const moment = start === undefined ? this.#tick : momentIn(this.#tick, at - start);
    return this.#table.find(this.#memory, at >>> 2, moment);
  }
}

/** Security contexts as formatters see them: the key of the table is a secid. */
export class SharedSecurityContextLookup implements SecurityContextLookup {
  readonly #table: TableReader;
  readonly #key: Int32Array = new Int32Array(1);
  #generation = 0;
  #tick = 0;

  constructor(table: SharedTable) {
    this.#table = new TableReader(table);
  }

  get generation(): number {
    return this.#generation;
  }

  /** @param changes - how often a text was added or dropped before this batch */
  enter(generation: number, tick: number, changes: number): void {
    this.#table.enter(generation);
    this.#tick = tick;
    this.#generation = changes;
  }

  text(secid: number): string | undefined {
    this.#key[0] = secid;
    const handle = this.#table.find(this.#key, 0, this.#tick);
    return handle < 0 ? undefined : decodeText(this.#table.text(handle));
  }
}
