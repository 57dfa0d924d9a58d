import {
  type Abi,
  abiCamflow09,
  createRecordTable,
  fieldOf,
  identifierBytes,
  type NameLookup,
  nodeTypeNamed,
  scanRecords,
  textBytes,
} from '@camflow/api';

const pathType = nodeTypeNamed('path')!.index;

/** Names by identifier, filled from `path` records. */
export class NameTable implements NameLookup {
  generation = 1;
  #handles = new Map<string, number>();
  #names: Uint8Array[] = [];

  /** Takes in the `path` records among these records: long ones, unless the interface mixes all. */
  learn(records: Uint8Array, abi: Abi = abiCamflow09): void {
    // A copy, because words need an aligned start.
    const bytes = new Uint8Array((records.length + 3) & ~3);
    bytes.set(records);
    const table = createRecordTable(0);
    scanRecords(abi, 'long', new Int32Array(bytes.buffer), 0, records.length, table);
    const nameField = fieldOf('path', 'name', abi.shapes);
    for (let i = 0; i < table.count; i++) {
      const at = table.offsets[i]!;
      if (table.types[i] !== pathType) continue;
      this.set(bytes.subarray(at, at + identifierBytes), textBytes(bytes, at, nameField));
    }
  }

  /** Gives an identifier a name. An identifier that has one keeps it, as in the recorder. */
  set(identifier: Uint8Array, name: Uint8Array): void {
    const key = Buffer.from(identifier).toString('latin1');
    if (this.#handles.has(key)) return;
    this.#handles.set(key, this.#names.length);
    this.#names.push(name);
  }

  /** Forgets everything: handles are given out anew, and mean other names. */
  clear(): void {
    this.generation++;
    this.#handles = new Map();
    this.#names = [];
  }

  find(bytes: Uint8Array, offset: number): number {
    const key = Buffer.from(bytes.buffer, bytes.byteOffset + offset, identifierBytes).toString('latin1');
    return this.#handles.get(key) ?? -1;
  }

  bytes(handle: number): Uint8Array {
    return this.#names[handle]!;
  }
}
