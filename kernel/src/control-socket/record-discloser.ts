import { randomBytes } from 'node:crypto';
import {
  abiBpf1,
  CamflowError,
  fieldOf,
  nodeTypeNamed,
  relationTypeNamed,
  type ShapeName,
} from '@camflow/api';
import { firstDisclosedId } from '../bpf/id-ranges.ts';
import {
  attributeText,
  type DisclosedAttributes,
  type DisclosedClass,
  type DisclosedRelation,
} from '../control/disclosure.ts';
import type { Discloser } from './caller.ts';
import type { OpenProcess, PeerProcess } from './peer-process.ts';

/** Bytes of records that wait for the recorder at most. */
const mostWaitingBytes = 4 << 20;
/** And of relations beyond it, so that a node that was taken gets its link. */
const relationReserveBytes = 1 << 20;

/** What the recorder knows of the kernel. */
export interface DisclosureKernel {
  readonly machineId: number;
  readonly bootId: number;
  /** Now. */
  epoch(): number;
  /**
   * The record of the activity that stands for a process, without a frame.
   * @throws CamflowError where there is none
   */
  processRecord(process: OpenProcess): Uint8Array;
}

/** Records that were made and wait for the recorder, as the interface `camflow-bpf-1` has them. */
export class RecordDiscloser implements Discloser {
  readonly #kernel: DisclosureKernel;
  readonly #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  #sequence = 0;
  /** Identifiers of processes that were published, with the epoch that it was in. */
  readonly #published = new Map<string, number>();

  readonly #arrived: () => void;

  /** @param arrived - called whenever there is a record more to read */
  constructor(kernel: DisclosureKernel, arrived: () => void = () => {}) {
    this.#kernel = kernel;
    this.#arrived = arrived;
  }

  process(caller: PeerProcess): Uint8Array {
    const record = caller.look((process) => this.#kernel.processRecord(process));
    const identifier = record.slice(0, 32);
    const key = Buffer.from(identifier).toString('base64');
    const epoch = this.#kernel.epoch();
    if (this.#published.get(key) !== epoch) {
      this.#add(record);
      if (this.#published.size >= 4096) this.#published.clear();
      this.#published.set(key, epoch);
    }
    return identifier;
  }

  node(parent: Uint8Array, nodeClass: DisclosedClass, attributes: DisclosedAttributes): Uint8Array {
    const content = Buffer.from(attributeText(attributes));
    const { record, view } = this.#record(
      'disclosed',
      nodeTypeNamed(`disc_${nodeClass}`)!.code,
      content.length,
    );
    const at = (name: string): number => offsetOf('disclosed', name);
    view.setBigUint64(at('length'), BigInt(content.length), true);
    // Bytes that follow, of `length` bytes that there were.
    view.setUint32(at('length') + 8, content.length, true);
    record.set(parent, at('parent'));
    record.set(content, at('content'));
    this.#add(record);
    return record.slice(0, 32);
  }

  relation(relation: DisclosedRelation, from: Uint8Array, to: Uint8Array): void {
    const { record } = this.#record('relation', relationTypeNamed(`${relation}_disc`)!.code, 0);
    record.set(from, offsetOf('relation', 'snd'));
    record.set(to, offsetOf('relation', 'rcv'));
    this.#add(record, mostWaitingBytes + relationReserveBytes);
  }

  /** Whether records wait. */
  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Takes records with their frames, as many as there is room for. @returns bytes and records written */
  take(room: Uint8Array): {
    readonly byteLength: number;
    readonly records: number;
    readonly firstSequence: number;
  } {
    const firstSequence = this.#sequence;
    let byteLength = 0;
    let records = 0;
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      const size = framedBytes(next);
      if (byteLength + size > room.length) break;
      const view = new DataView(room.buffer, room.byteOffset + byteLength, size);
      new Uint8Array(room.buffer, room.byteOffset + byteLength, size).fill(0);
      view.setUint32(0, size, true);
      view.setBigUint64(8, BigInt(this.#sequence++), true);
      room.set(next, byteLength + abiBpf1.framing.frameBytes);
      this.#waiting.shift();
      this.#waitingBytes -= next.length;
      byteLength += size;
      records++;
    }
    return { byteLength, records, firstSequence };
  }

  #record(shape: ShapeName, code: bigint, more: number): { record: Uint8Array; view: DataView } {
    const record = new Uint8Array(abiBpf1.shapes.get(shape)!.size + more);
    const view = new DataView(record.buffer);
    const at = (name: string): number => offsetOf(shape, name);
    view.setBigUint64(at('type'), code, true);
    view.setBigUint64(at('id'), newId(), true);
    view.setUint32(at('boot_id'), this.#kernel.bootId, true);
    view.setUint32(at('machine_id'), this.#kernel.machineId, true);
    view.setUint32(at('epoch'), this.#kernel.epoch(), true);
    return { record, view };
  }

  #add(record: Uint8Array, most: number = mostWaitingBytes): void {
    if (this.#waitingBytes + record.length > most) {
      throw new CamflowError('DISCLOSURE_REFUSED', 'The recorder is behind with what it was told', {
        retryable: true,
        hint: 'Wait, and try again.',
      });
    }
    this.#waiting.push(record);
    this.#waitingBytes += record.length;
    this.#arrived();
  }
}

/** Above all that the programs number, and exact in every reader of JSON. */
function newId(): bigint {
  return firstDisclosedId | (randomBytes(8).readBigUInt64LE() >> 13n);
}

function framedBytes(record: Uint8Array): number {
  return (abiBpf1.framing.frameBytes + record.length + 7) & ~7;
}

function offsetOf(shape: ShapeName, field: string): number {
  return fieldOf(shape, field, abiBpf1.shapes).offset;
}
