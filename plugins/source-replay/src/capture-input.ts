import type { FileHandle } from 'node:fs/promises';
import {
  type Abi,
  abiCamflow09,
  abis,
  CamflowError,
  frameSequence,
  type Logger,
  measureRecords,
  type Origin,
  type StreamId,
} from '@camflow/api';
import { type RecordEvent, type RecordFrame, readRecords } from '@camflow/segment';
import { IncreasingSequences } from './increasing-sequences.ts';
import type { InputBatch, ReplayInput } from './replay-input.ts';

/** A frame that is being handed out. */
interface Pending {
  readonly frame: RecordFrame;
  readonly abi: Abi;
  /** Records lost before it. */
  readonly loss: Loss;
  /** Bytes and records of it that were handed out. */
  taken: number;
  records: number;
}

type Loss = { checksum?: number; truncated?: number };

/** Reads a capture file. Frames that follow one another in a stream, of one time, go into one batch. */
export class CaptureInput implements ReplayInput {
  readonly origin: Origin;
  readonly #file: FileHandle;
  readonly #path: string;
  readonly #log: Logger;
  readonly #sequences: IncreasingSequences = new IncreasingSequences();
  #events: AsyncGenerator<RecordEvent, void, void>;
  #pending: Pending | undefined;
  #loss: Loss = {};
  /** A damaged region did not say what it held, and no gap in a sequence has told it since. */
  #unexplained = false;
  /** What the last batch said, for one that only reports a loss at the end. */
  #last: { stream: StreamId; capturedAtMs: number } = { stream: { cpu: 0, kind: 'short' }, capturedAtMs: 0 };

  private constructor(file: FileHandle, path: string, log: Logger, origin: Origin) {
    this.#file = file;
    this.#path = path;
    this.#log = log;
    this.origin = origin;
    this.#events = readRecords(file, path);
  }

  /**
   * Looks at the start of a capture file. The file is closed with the input.
   * @throws CamflowError `SOURCE_CORRUPT` where it is none; `SOURCE_UNAVAILABLE` where this release cannot decode it
   */
  static async open(file: FileHandle, path: string, log: Logger): Promise<CaptureInput> {
    let origin: Origin = { abi: abiCamflow09.id, machineId: 0, bootId: 0, epoch: 0 };
    for await (const event of readRecords(file, path)) {
      if (event.kind === 'damage') continue;
      if (event.kind === 'records') origin = { ...origin, abi: event.frame.abi };
      else origin = pickOrigin(event.header);
      break;
    }
    if (!abis.has(origin.abi)) {
      throw new CamflowError('SOURCE_UNAVAILABLE', `${path} holds records of interface '${origin.abi}'`, {
        hint: `This release decodes ${[...abis.keys()].join(', ')}.`,
      });
    }
    return new CaptureInput(file, path, log, origin);
  }

  async fill(slab: Uint8Array): Promise<InputBatch | null> {
    const first = await this.#peek();
    if (first === undefined) return this.#lossAtEnd();
    const { frame, loss } = first;
    const ownSequence = sequenceOf(first);
    const position = frame.position + first.taken;
    const securityContexts: (readonly [number, string])[] = [];
    let byteLength = 0;
    let records = 0;
    for (let next: Pending | undefined = first; next !== undefined; next = await this.#peek()) {
      if (next !== first && !follows(next, first, position + byteLength)) break;
      const { payload, stream } = next.frame;
      const room = Math.min(payload.length, next.taken + slab.length - byteLength);
      const part = measureRecords(next.abi, stream.kind, payload, next.taken, room);
      if (part.records === 0 && payload.length > 0) break;
      if (next.taken === 0) securityContexts.push(...next.frame.securityContexts);
      slab.set(payload.subarray(next.taken, next.taken + part.byteLength), byteLength);
      byteLength += part.byteLength;
      records += part.records;
      next.taken += part.byteLength;
      next.records += part.records;
      if (next.taken < next.frame.payload.length) break;
      this.#pending = undefined;
    }
    this.#last = { stream: frame.stream, capturedAtMs: frame.capturedAtMs };
    // A frame that goes over several slabs brought its loss with the first part.
    const isStart = position === frame.position;
    return {
      abi: frame.abi,
      ...this.#last,
      byteLength,
      position,
      firstSequence: this.#sequences.next(frame.stream, ownSequence, records),
      loss: isStart ? loss : {},
      securityContexts,
    };
  }

  async rewind(): Promise<void> {
    await this.#events.return();
    this.#events = readRecords(this.#file, this.#path);
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  /** The frame that is to be handed out next; undefined at the end of the file. */
  async #peek(): Promise<Pending | undefined> {
    while (this.#pending === undefined) {
      const { value: event, done } = await this.#events.next();
      if (done) return undefined;
      if (event.kind === 'damage') this.#countDamage(event);
      if (event.kind !== 'records') continue;
      const { frame, lostBefore } = event;
      this.#count('checksum', lostBefore);
      if (lostBefore > 0) this.#unexplained = false;
      const abi = abis.get(frame.abi);
      if (abi === undefined || !holdsItsRecords(abi, frame)) {
        this.#log.warn('A frame holds no records of a known size', {
          path: this.#path,
          records: frame.records,
        });
        this.#count('checksum', frame.records);
        continue;
      }
      this.#pending = { frame, abi, loss: this.#takeLoss(), taken: 0, records: 0 };
    }
    return this.#pending;
  }

  #countDamage({ region, lostRecords }: RecordEvent & { kind: 'damage' }): void {
    // What is cut off is told by nothing behind it: there was a record at least.
    if (region.torn) this.#count('truncated', lostRecords ?? 1);
    else if (lostRecords !== undefined) this.#count('checksum', lostRecords);
    else this.#unexplained = true;
    this.#log.warn(region.torn ? 'The capture file ends inside a frame' : 'The capture file is damaged', {
      path: this.#path,
      position: region.offset,
      bytes: region.byteLength,
      lostRecords:
        lostRecords ?? (region.torn ? 'unknown, counted as 1' : 'as the frames after it tell, else 1'),
    });
  }

  #count(cause: keyof Loss, records: number): void {
    if (records > 0) this.#loss[cause] = (this.#loss[cause] ?? 0) + records;
  }

  #takeLoss(): Loss {
    const loss = this.#loss;
    this.#loss = {};
    return loss;
  }

  #lossAtEnd(): InputBatch | null {
    if (this.#unexplained) this.#count('checksum', 1);
    this.#unexplained = false;
    const loss = this.#takeLoss();
    if (Object.keys(loss).length === 0) return null;
    const { abi } = this.origin;
    return { abi, ...this.#last, byteLength: 0, position: 0, firstSequence: 0, loss, securityContexts: [] };
  }
}

function pickOrigin({ abi, machineId, bootId, epoch }: Origin): Origin {
  return { abi, machineId, bootId, epoch };
}

/** Whether the payload is what the frame says: that many whole records, and nothing else. */
function holdsItsRecords(abi: Abi, { stream, payload, records }: RecordFrame): boolean {
  const whole = measureRecords(abi, stream.kind, payload, 0, payload.length);
  return whole.records === records && whole.byteLength === payload.length;
}

/** Number of the next record to be handed out. */
function sequenceOf({ abi, frame, taken, records }: Pending): number {
  const own = abi.framing.kind === 'sized' && taken < frame.payload.length;
  return own ? frameSequence(frame.payload, taken) : frame.firstSequence + records;
}

/** Whether a frame goes on where a batch that began with another one stands, with nothing lost between. */
function follows(next: Pending, first: Pending, position: number): boolean {
  return (
    next.frame.abi === first.frame.abi &&
    next.frame.stream.cpu === first.frame.stream.cpu &&
    next.frame.stream.kind === first.frame.stream.kind &&
    next.frame.capturedAtMs === first.frame.capturedAtMs &&
    next.frame.position === position &&
    Object.keys(next.loss).length === 0
  );
}
