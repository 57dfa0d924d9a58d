/** A field of a structure, in bytes. */
interface FieldPlace {
  readonly offset: number;
  readonly size: number;
}

/** A number, little-endian; or bytes, which are put where the field begins. */
export type FieldContent = bigint | number | Uint8Array;

/** Structures as CamFlow's compiler laid them out, read from the capture of it: nothing here is the project's own. */
export class CapturedLayout {
  readonly #sizes = new Map<string, number>();
  readonly #fields = new Map<string, FieldPlace>();

  /** @param text - `layout.txt` */
  constructor(text: string) {
    let structure = '';
    for (const line of text.split('\n')) {
      const head = /^(?:struct|union) (\w+) +size=(\d+)/.exec(line);
      const field = /^ +(\w+) +offset=(\d+) +size=(\d+)/.exec(line);
      if (head !== null) {
        structure = head[1]!;
        this.#sizes.set(structure, Number(head[2]));
      } else if (field !== null) {
        const place = { offset: Number(field[2]), size: Number(field[3]) };
        this.#fields.set(`${structure}.${field[1]}`, place);
      }
    }
  }

  /** A structure with these fields; every other byte is zero. */
  make(structure: string, content: Readonly<Record<string, FieldContent>>): Buffer {
    const bytes = Buffer.alloc(this.#sizes.get(structure)!);
    for (const [field, value] of Object.entries(content)) this.set(bytes, structure, field, value);
    return bytes;
  }

  /** Writes a field of a structure that begins at the first byte. */
  set(bytes: Buffer, structure: string, field: string, value: FieldContent): void {
    const { offset, size } = this.#place(structure, field);
    if (value instanceof Uint8Array) {
      bytes.set(value, offset);
      return;
    }
    const number = Buffer.alloc(8);
    number.writeBigUInt64LE(BigInt(value));
    bytes.set(number.subarray(0, size), offset);
  }

  /** Reads a number of a structure that begins at the first byte. */
  get(bytes: Buffer, structure: string, field: string): bigint {
    const { offset, size } = this.#place(structure, field);
    const number = Buffer.alloc(8);
    number.set(bytes.subarray(offset, offset + size));
    return number.readBigUInt64LE();
  }

  #place(structure: string, field: string): FieldPlace {
    const place = this.#fields.get(`${structure}.${field}`);
    if (place === undefined) throw new Error(`there is no ${structure}.${field} in the captured layout`);
    return place;
  }
}
