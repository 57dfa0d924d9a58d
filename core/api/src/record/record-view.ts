import type { NameLookup, RecordView, SecurityContextLookup } from '../contracts/formatter.ts';
import type { Field } from './field.ts';
import { identifierText } from './identifier.ts';
import { ipv6Text } from './ipv6-text.ts';
import { type RecordType, recordTypeAt } from './record-types.ts';
import type { Shape, ShapeName } from './shapes.ts';
import { decodeText } from './text.ts';
import { arrayBytes, textBytes } from './text-field.ts';

const placeholder: RecordType = recordTypeAt(1)!;
const noShape: Shape = { name: 'relation', size: 0, fields: new Map() };

/** The field that tells how many bytes of a byte array were recorded. */
function recordedLength(shape: Shape): Field | undefined {
  return shape.fields.get('length') ?? shape.fields.get('size');
}

/**
 * The record view that `RecordBatch.records` hands out: one for all records of all batches, moved from record to
 * record. Nothing is decoded before it is asked for.
 */
export class LazyRecordView implements RecordView {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #names: NameLookup;
  readonly #contexts: SecurityContextLookup;
  #type: RecordType = placeholder;
  #shape: Shape = noShape;
  #offset = 0;

  /** @param bytes - the memory that holds the records */
  constructor(bytes: Uint8Array, names: NameLookup, contexts: SecurityContextLookup) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#names = names;
    this.#contexts = contexts;
  }

  /**
   * Moves the view.
   * @param typeIndex - index of a known type
   * @param offset - where the record starts, in bytes
   * @param shapes - the structures of its interface
   */
  moveTo(typeIndex: number, offset: number, shapes: ReadonlyMap<ShapeName, Shape>): void {
    this.#type = recordTypeAt(typeIndex)!;
    this.#shape = shapes.get(this.#type.shape)!;
    this.#offset = offset;
  }

  get type(): RecordType {
    return this.#type;
  }

  get id(): string {
    return identifierText(this.#bytes, this.#offset);
  }

  get from(): string | undefined {
    return this.#identifier('snd');
  }

  get to(): string | undefined {
    return this.#identifier('rcv');
  }

  get name(): string | undefined {
    const field = this.#shape.fields.get('name_id');
    if (field === undefined) return undefined;
    const handle = this.#names.find(this.#bytes, this.#offset + field.offset);
    return handle < 0 ? undefined : decodeText(this.#names.bytes(handle));
  }

  get securityContext(): string | undefined {
    return this.#shape.fields.has('secid') ? this.#contexts.text(this.field('secid') as number) : undefined;
  }

  get fieldNames(): readonly string[] {
    return [...this.#shape.fields.keys()];
  }

  field(name: string): number | bigint | string | Uint8Array {
    const field = this.#shape.fields.get(name);
    if (field === undefined) throw new Error(`a ${this.#type.name} record has no field ${name}`);
    const at = this.#offset + field.offset;
    switch (field.type) {
      case 'u8':
        return this.#view.getUint8(at);
      case 'u16':
        return this.#view.getUint16(at, true);
      case 'u32':
        return this.#view.getUint32(at, true);
      case 'u64':
        return this.#view.getBigUint64(at, true);
      case 'i64':
        return this.#view.getBigInt64(at, true);
      case 'be16':
        return this.#view.getUint16(at);
      case 'be32':
        return this.#view.getUint32(at);
      case 'identifier':
        return identifierText(this.#bytes, at);
      case 'ipv4':
        return this.#bytes.slice(at, at + 4).join('.');
      case 'ipv6':
        return ipv6Text(this.#bytes.subarray(at, at + 16));
      case 'uuid':
        return uuidText(this.#bytes.slice(at, at + 16));
      case 'text':
        return decodeText(textBytes(this.#bytes, this.#offset, field));
      case 'bytes':
        return this.#bytes.slice(at, at + this.#lengthOf(field));
    }
  }

  #identifier(name: 'snd' | 'rcv'): string | undefined {
    const field = this.#shape.fields.get(name);
    return field === undefined ? undefined : identifierText(this.#bytes, this.#offset + field.offset);
  }

  #lengthOf(field: Field): number {
    if (field.storedAt !== undefined) return arrayBytes(this.#bytes, this.#offset, field);
    const recorded = recordedLength(this.#shape);
    if (recorded === undefined) return field.size;
    const length = this.#view.getBigUint64(this.#offset + recorded.offset, true);
    return length < BigInt(field.size) ? Number(length) : field.size;
  }
}

function uuidText(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
