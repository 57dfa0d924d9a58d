import { type UnitBatch, type UnitSource, unitNameWords } from '@camflow/api';
import type { FormatResult, UnitBuffers } from '../worker/messages.ts';

/** The units of one format for one batch, shared by the outputs of that format; then their memory is used again. */
export class SharedUnits {
  readonly batch: UnitBatch;
  readonly byteLength: number;
  /** What is held in memory until the release: more than `byteLength`, since memory is used again. */
  readonly memoryBytes: number;
  /** Records that all units together stand for. */
  readonly records: number;
  readonly #buffers: UnitBuffers;
  readonly #recycle: (buffers: UnitBuffers) => void;
  #users: number;

  /**
   * @param source - where the units come from
   * @param users - how often {@link release} will be called
   * @param recycle - takes the memory after the last release
   */
  constructor(
    result: FormatResult,
    source: UnitSource,
    users: number,
    recycle: (buffers: UnitBuffers) => void,
  ) {
    const { buffers, byteLength, unitCount, records } = result;
    this.batch = {
      source,
      bytes: new Uint8Array(buffers.bytes, 0, byteLength),
      ends: new Uint32Array(buffers.ends, 0, unitCount),
      records: new Uint32Array(buffers.records, 0, unitCount),
      names: new Uint32Array(buffers.names, 0, unitCount * unitNameWords),
      count: unitCount,
    };
    this.byteLength = byteLength;
    const { bytes, ends, records: counts, names } = buffers;
    this.memoryBytes = bytes.byteLength + ends.byteLength + counts.byteLength + names.byteLength;
    this.records = records;
    this.#buffers = buffers;
    this.#users = users;
    this.#recycle = recycle;
  }

  release(): void {
    if (--this.#users === 0) this.#recycle(this.#buffers);
  }
}
