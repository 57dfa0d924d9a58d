import { abiCamflow09, fieldOf, identifierBytes, type NameLookup, nodeTypeNamed } from '@camflow/api';

const pathCode = nodeTypeNamed('path')!.code;
const nameField = fieldOf('path', 'name');

/** Names by identifier, filled from `path` records. */
export class NameTable implements NameLookup {
  generation = 1;
  #handles = new Map<string, number>();
  #names: Uint8Array[] = [];

  /** Takes in the `path` records among these long records. */
  learn(longRecords: Uint8Array): void {
    const bytes = Buffer.from(longRecords.buffer, longRecords.byteOffset, longRecords.byteLength);
    const size = abiCamflow09.framing.longBytes;
    for (let at = 0; at + size <= bytes.length; at += size) {
      if (bytes.readBigUInt64LE(at) !== pathCode) continue;
      const text = bytes.subarray(at + nameField.offset, at + nameField.offset + nameField.size);
      const nul = text.indexOf(0);
      this.set(
        bytes.subarray(at, at + identifierBytes),
        Uint8Array.from(nul < 0 ? text : text.subarray(0, nul)),
      );
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
