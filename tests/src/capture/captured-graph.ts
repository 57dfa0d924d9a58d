import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  abis,
  createRecordTable,
  frameSequence,
  identifierBytes,
  LazyRecordView,
  type NameLookup,
  type RecordTable,
  type RecordType,
  type RecordView,
  recordTypeAt,
  recordTypeOfCode,
  scanRecords,
} from '@camflow/api';
import { type RecordFrame, readRecords } from '@camflow/segment';

/** The value of a field, as the record view gives it. */
export type FieldValue = number | bigint | string | Uint8Array;

/** One end of a relation, or a node: a version of an object. */
export interface VersionKey {
  /** The whole identifier: what relations name. */
  readonly key: string;
  /** The identifier without its version: the same for all versions of an object. */
  readonly object: string;
  /** Name of the type, or its code in hexadecimal where the model has none. */
  readonly type: string;
  readonly id: bigint;
  readonly version: number;
}

/** One record of a node: a snapshot of one of its versions. */
export interface CapturedNode extends VersionKey {
  readonly epoch: number;
  readonly fields: ReadonlyMap<string, FieldValue>;
  /** Of a path, an argument, an address and the like: the bytes it holds. */
  readonly bytes: Buffer | undefined;
  /** The path that names it, if it says one. */
  readonly name: VersionKey | undefined;
}

/** One relation: information flows `from` one version `to` another. */
export interface CapturedRelation {
  readonly type: string;
  readonly id: bigint;
  readonly from: VersionKey;
  readonly to: VersionKey;
  readonly fields: ReadonlyMap<string, FieldValue>;
}

/** What a capture file holds. */
export interface CapturedGraph {
  readonly records: number;
  /** Records of types that the model does not have, or cut short. */
  readonly malformed: number;
  /** Numbers missing between the first and the last record of each stream: records that were lost. */
  readonly missing: number;
  /** Every record of a node, as they came. */
  readonly snapshots: readonly CapturedNode[];
  /** The last record of each version of a node, by key. */
  readonly nodes: ReadonlyMap<string, CapturedNode>;
  /** As they happened: each CPU has a ring of its own, but their numbers are counted over all of them. */
  readonly relations: readonly CapturedRelation[];
}

const noNames: NameLookup = { generation: 0, find: () => -1, bytes: () => new Uint8Array() };
const textFields = ['name', 'value', 'str', 'addr', 'content'];

/** Reads a capture file by the project's own decoder. */
export async function readCapture(file: Uint8Array): Promise<CapturedGraph> {
  const folder = await mkdtemp(path.join(tmpdir(), 'camflow-capture-'));
  try {
    const name = path.join(folder, 'capture');
    await writeFile(name, file);
    const handle = await open(name);
    const reader = new GraphReader();
    try {
      for await (const event of readRecords(handle, name)) {
        if (event.kind === 'damage') throw new Error(`the capture is damaged at byte ${event.region.offset}`);
        if (event.kind === 'records') reader.add(event.frame);
      }
    } finally {
      await handle.close();
    }
    return reader.graph();
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Records of one stream, in the order of their numbers. */
export type RecordSlice = Pick<RecordFrame, 'abi' | 'stream' | 'payload'>;

/** Reads frames of records, one after the other, into one graph. */
export class GraphReader {
  readonly #snapshots: CapturedNode[] = [];
  readonly #relations: CapturedRelation[] = [];
  readonly #sequences = new Map<number, number[]>();
  readonly #table: RecordTable = createRecordTable(1024);
  #records = 0;
  #malformed = 0;

  /** @param keeps - which of its records, at which byte of the slice, are taken; all where it is absent */
  add(
    { abi: name, stream, payload }: RecordSlice,
    keeps?: (view: RecordView, offset: number) => boolean,
  ): void {
    const abi = abis.get(name);
    if (abi === undefined) throw new Error(`unknown interface ${name}`);
    // Aligned, as the scan wants it.
    const bytes = Uint8Array.from(payload);
    const words = new Int32Array(bytes.buffer, 0, bytes.length >>> 2);
    const table = this.#table;
    scanRecords(abi, stream.kind, words, 0, bytes.length, table);
    const view = new LazyRecordView(bytes, noNames, { generation: 0, text: () => undefined });
    const sequences = this.#sequences.get(stream.cpu) ?? [];
    this.#sequences.set(stream.cpu, sequences);
    for (let i = 0; i < table.count; i++) {
      const offset = table.offsets[i]!;
      this.#records++;
      if (abi.framing.kind === 'sized') sequences.push(frameSequence(bytes, offset - abi.framing.frameBytes));
      const type = recordTypeAt(table.types[i]!);
      if (type === undefined) {
        this.#malformed++;
        continue;
      }
      view.moveTo(type.index, offset, abi.shapes);
      if (keeps?.(view, offset) === false) continue;
      const fields = new Map<string, FieldValue>();
      for (const field of abi.shapes.get(type.shape)!.fields.keys()) fields.set(field, view.field(field));
      if (type.category === 'relation') this.#relations.push(relationOf(type, fields));
      else this.#snapshots.push(nodeOf(bytes.subarray(offset, offset + table.sizes[i]!), fields));
    }
  }

  graph(): CapturedGraph {
    let missing = 0;
    for (const sequences of this.#sequences.values()) {
      if (sequences.length === 0) continue;
      // Interrupts may put neighbours in the other order.
      sequences.sort((a, b) => a - b);
      missing += sequences.at(-1)! - sequences[0]! + 1 - sequences.length;
    }
    return {
      records: this.#records,
      malformed: this.#malformed,
      missing,
      snapshots: this.#snapshots,
      nodes: new Map(this.#snapshots.map((node) => [node.key, node])),
      relations: this.#relations.sort((a, b) => (a.id < b.id ? -1 : 1)),
    };
  }
}

function relationOf(type: RecordType, fields: ReadonlyMap<string, FieldValue>): CapturedRelation {
  const end = (name: string): VersionKey => versionKey(Buffer.from(String(fields.get(name)), 'base64'));
  return { type: type.name, id: fields.get('id') as bigint, from: end('snd'), to: end('rcv'), fields };
}

function nodeOf(record: Uint8Array, fields: ReadonlyMap<string, FieldValue>): CapturedNode {
  const text = textFields.map((name) => fields.get(name)).find((value) => value !== undefined);
  const named = versionKey(Buffer.from(String(fields.get('name_id')), 'base64'));
  const version = versionKey(Buffer.from(record.subarray(0, identifierBytes)));
  return {
    ...version,
    epoch: fields.get('epoch') as number,
    fields,
    // An attribute is known by its name; what it holds is one of its fields.
    bytes:
      version.type === 'xattr'
        ? Buffer.from(String(fields.get('name')), 'latin1')
        : text === undefined
          ? undefined
          : storedBytes(record),
    name: named.id === 0n ? undefined : named,
  };
}

/** The bytes of a record with text or bytes of any length, as they were recorded: text may hold any. */
function storedBytes(record: Uint8Array): Buffer {
  const stored = new DataView(record.buffer, record.byteOffset + 152, 4).getUint32(0, true);
  return Buffer.from(record.subarray(160, 160 + stored));
}

/** What an identifier says. That of a packet has no version: its place holds the protocol. */
function versionKey(identifier: Buffer): VersionKey {
  const code = identifier.readBigUInt64LE(0);
  const type = recordTypeOfCode(code)?.name ?? code.toString(16);
  const version = type === 'packet' ? 0 : identifier.readUInt32LE(24);
  const key = identifier.toString('base64');
  if (type !== 'packet') identifier.writeUInt32LE(0, 24);
  return { key, object: identifier.toString('base64'), type, id: identifier.readBigUInt64LE(8), version };
}
