import { open, unlink } from 'node:fs/promises';
import { CamflowError, isCamflowError, type Logger, makeFolder, type Origin } from '@camflow/api';
import {
  encodeUnitFrame,
  type Metadata,
  maxUnitFrameBytes,
  readSegment,
  unitFrameOf,
} from '@camflow/segment';
import { extentsOf, framesIn, type LostExtent } from './lost-frames.ts';
import { frameSizeBytes, type Parcel } from './parcel.ts';
import { type RecoveredParcel, recoverSpool } from './recover-spool.ts';
import { listSegments, type SpoolSegment } from './segment-list.ts';
import { SegmentWriter } from './segment-writer.ts';
import { SpoolLock } from './spool-lock.ts';
import { type SpoolPlan, segmentBytes } from './spool-plan.ts';
import { type SpoolRead, SpoolReader } from './spool-reader.ts';
import {
  loadSpoolState,
  type SpoolPlace,
  type SpoolState,
  SpoolStateFile,
  stateSavedAtMs,
} from './spool-state.ts';
import { changeOfTarget, setAside } from './spool-target.ts';

/** What an earlier recorder left in a spool. */
export interface SpoolHistory {
  /** The accounts as last saved; undefined where there are none. */
  readonly ledger: Metadata | undefined;
  /** What was spooled after that. */
  readonly parcels: readonly RecoveredParcel[];
  /** Where that recorder was killed: when it last saved anything, in milliseconds since 1970. */
  readonly uncleanSinceMs: number | undefined;
  /** Whether the output was another then: what that one had is not what this one has. */
  readonly otherTarget: boolean;
}

/** Where a parcel stands in a spool. */
export interface StoredParcel {
  /** Number of its first frame. */
  readonly frame: number;
  readonly after: SpoolPlace;
}

/**
 * Units on the disk, in order: segments are appended to at one end and read and removed at the other. One process
 * at a time, calls of `append` and `drop` one at a time, those of `read` too.
 */
export class Spool {
  readonly history: SpoolHistory;
  /** What goes into the headers of segments. */
  origin: Origin = { abi: '', machineId: 0, bootId: 0, epoch: 0 };
  readonly #plan: SpoolPlan;
  readonly #log: Logger;
  readonly #lock: SpoolLock;
  readonly #segments: SpoolSegment[];
  readonly #reader: SpoolReader;
  #state!: SpoolStateFile;
  #ledger!: () => Metadata;
  #removing: Promise<void> = Promise.resolve();
  #writer: SegmentWriter | undefined;
  #read: SpoolPlace;
  #written: SpoolPlace;
  #syncTimer: NodeJS.Timeout | undefined;

  private constructor(
    plan: SpoolPlan,
    log: Logger,
    lock: SpoolLock,
    segments: SpoolSegment[],
    found: { readonly read: SpoolPlace; readonly written: SpoolPlace; readonly history: SpoolHistory },
  ) {
    this.#plan = plan;
    this.#log = log;
    this.#lock = lock;
    this.#segments = segments;
    this.#reader = new SpoolReader(log);
    this.#read = found.read;
    this.#written = found.written;
    this.history = found.history;
  }

  /**
   * Opens the spool of a folder and makes the folder where it is missing.
   * @param accounts - begins the accounts from what was found; what it returns is asked for them at every save. Before
   * the first, nothing of what was found is forgotten
   * @throws CamflowError `SPOOL_UNAVAILABLE`
   */
  static async open(
    plan: SpoolPlan,
    log: Logger,
    accounts: (spool: Spool) => () => Metadata = ({ history }) =>
      () =>
        history.ledger ?? {},
  ): Promise<Spool> {
    let lock: SpoolLock | undefined;
    try {
      await makeFolder(plan.folder, 0o700);
      lock = await SpoolLock.take(plan.folder);
      let segments = await listSegments(plan.folder);
      const saved = await loadSpoolState(plan.folder);
      let recovered = await recoverSpool(segments, saved, log);
      const unclean = saved === undefined ? segments.length > 0 : !saved.clean;
      const savedAtMs = Math.max(
        ...segments.map(({ changedAtMs }) => Date.now() - (performance.now() - changedAtMs)),
        await stateSavedAtMs(plan.folder),
      );
      const uncleanSinceMs = unclean ? savedAtMs : undefined;
      const change = changeOfTarget(saved?.target, plan.target);
      let ledger = saved?.ledger;
      if (change === 'format' && recovered.read.frame < recovered.written.frame) {
        await setAside(plan.folder, log);
        lock = undefined;
        await makeFolder(plan.folder, 0o700);
        lock = await SpoolLock.take(plan.folder);
        segments = [];
        recovered = await recoverSpool(segments, undefined, log);
        // Its accounts stay with what waits; what was lost and not told is still to be told.
        ledger = { untold: ledger?.['untold'] ?? [] };
      } else if (change === 'place') {
        log.warn('the output is another than the one that had its spool; it is given what waits there', {
          before: saved?.target.place,
          now: plan.target.place,
        });
      }
      const { read, written, parcels } = recovered;
      const history = { ledger, parcels, uncleanSinceMs, otherTarget: change !== undefined };
      const spool = new Spool(plan, log, lock, segments, { read, written, history });
      spool.#ledger = accounts(spool);
      spool.#state = await SpoolStateFile.create(plan.folder, spool.#stateNow());
      await spool.#removeRead();
      return spool;
    } catch (error) {
      await lock?.release();
      if (isCamflowError(error)) throw error;
      throw new CamflowError('SPOOL_UNAVAILABLE', `The spool ${plan.folder} cannot be opened`, {
        cause: error,
        hint: 'Set spool_dir in [general] to a folder that may be written to, or spool=off for the output.',
      });
    }
  }

  /** Up to where the output has acknowledged. */
  get read(): SpoolPlace {
    return this.#read;
  }
  /** Whether everything that was written was acknowledged too. */
  get isEmpty(): boolean {
    return this.#read.frame >= this.#written.frame && this.#read.records >= this.#written.records;
  }
  /** Whether what stands before a frame waits. */
  holds(frameAfter: number): boolean {
    return frameAfter > this.#read.frame && frameAfter <= this.#written.frame;
  }
  /** Records that wait. */
  get records(): number {
    return this.#written.records - this.#read.records;
  }
  /** Bytes on the disk. */
  get sizeBytes(): number {
    return this.#segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  }
  /** How long the oldest units that wait have done so at most, in milliseconds; undefined where none wait. */
  get oldestMs(): number | undefined {
    const oldest = this.#oldestUnread;
    return oldest && performance.now() - oldest.beganAtMs;
  }

  /** Why a frame has no place in the spool, even if nothing else is there; undefined where it has. */
  refusal(bytes: number): 'unit_too_large' | 'spool_full' | undefined {
    if (bytes > maxUnitFrameBytes) return 'unit_too_large';
    return bytes > this.#plan.maxSizeBytes ? 'spool_full' : undefined;
  }

  /** Whether so many bytes more are within the limit of the spool. What was read makes room for them. */
  hasRoom(bytes: number): boolean {
    return bytes + (this.isEmpty ? 0 : this.sizeBytes) <= this.#plan.maxSizeBytes;
  }

  /**
   * Writes parcels, each of which is one frame, and syncs them where the rule says so.
   * @param onStored - told where some stand, the first first, in the same turn in which they can be read from there
   * @throws the error of the write; what was not told of was not written then
   */
  async append(
    parcels: readonly Parcel[],
    onStored: (stored: readonly StoredParcel[]) => void = () => {},
  ): Promise<void> {
    const sizes = parcels.map(frameSizeBytes);
    const allBytes = sizes.reduce((sum, size) => sum + size, 0);
    if (this.isEmpty && this.sizeBytes + allBytes > this.#plan.maxSizeBytes) await this.#startOver();
    try {
      for (let from = 0, to = 0; from < parcels.length; from = to) {
        const writer = await this.#writerFor(sizes[from]!);
        let end = writer.segment.sizeBytes;
        do end += sizes[to++]!;
        while (to < parcels.length && end + sizes[to]! <= segmentBytes(this.#plan));
        onStored(await this.#write(writer, parcels.slice(from, to)));
      }
    } catch (error) {
      // A disk that is full has room for the next attempt, then.
      if (this.isEmpty) await this.#startOver();
      throw error;
    }
  }

  /** The frame after the acknowledged ones; undefined where none waits. */
  next(): Promise<SpoolRead | undefined> {
    return this.#reader.read(this.#read, this.#written, this.#segments);
  }

  /** Everything up to a place was acknowledged. A place that was passed already changes nothing. */
  async acknowledge(place: SpoolPlace): Promise<void> {
    if (place.frame < this.#read.frame) return;
    this.#read = place;
    await this.#removeRead();
  }

  /**
   * Drops the oldest segment, unread or not.
   * @param held - asked for the end of what is being delivered at that moment, which counts as acknowledged
   * @param dropped - told what was dropped, in the same turn: nothing of it may be delivered any more
   * @returns false where nothing is left to drop
   */
  async dropOldest(
    held: () => SpoolPlace | undefined,
    dropped: (lost: readonly LostExtent[]) => void,
  ): Promise<boolean> {
    if (this.isEmpty) return false;
    const oldest = this.#oldestUnread;
    if (oldest !== undefined && oldest === this.#writer?.segment) await this.#closeWriter();
    const { segment, offset } = this.#read;
    const frames = oldest && (await framesIn(oldest, oldest.number === segment ? offset : 0));
    const next = await this.#startOfSegmentAfter(oldest?.number ?? 0);
    // Meanwhile the output may have taken some of it, and be at something else.
    const delivering = held();
    const isAhead = delivering !== undefined && delivering.frame > this.#read.frame;
    const from = isAhead ? delivering : this.#read;
    const left = (frames ?? []).filter(({ number }) => number >= from.frame);
    if (next.frame >= this.#read.frame) this.#read = next;
    dropped(extentsOf(left, Math.max(0, next.records - from.records), from.capturedAtMs));
    await this.#removeRead();
    return true;
  }

  /** Whether all units of the oldest segment have waited for longer than is allowed: it can be dropped as a whole. */
  get isTooOld(): boolean {
    const { maxAgeMs } = this.#plan;
    const oldest = this.#oldestUnread;
    return maxAgeMs > 0 && oldest !== undefined && performance.now() - oldest.changedAtMs > maxAgeMs;
  }

  /** Saves where the spool stands, with the accounts as they are when the write begins. */
  save(): Promise<void> {
    return this.#state.save(() => this.#stateNow());
  }

  /**
   * Lets go of the folder; what waits stays in it.
   * @param clean - false where something was lost that nobody knows of
   */
  async close(clean: boolean): Promise<void> {
    clearTimeout(this.#syncTimer);
    await this.#reader.close();
    await this.#closeWriter();
    await this.#removing;
    await this.#state
      .save(() => this.#stateNow(clean))
      .then(() => this.#state.sync())
      .catch((error: unknown) => {
        this.#log.error('the state of a spool cannot be saved', { error: (error as Error).message });
      });
    if (this.isEmpty) await this.#unlink([...this.#segments]);
    await this.#state.close();
    await this.#lock.release();
  }

  /** The segment that something waits in for the longest; one that was read may be there for a moment more. */
  get #oldestUnread(): SpoolSegment | undefined {
    return this.isEmpty ? undefined : this.#segments.find(({ number }) => number >= this.#read.segment);
  }

  #stateNow(clean = false): SpoolState {
    return {
      read: this.#read,
      written: this.#written,
      clean,
      target: this.#plan.target,
      ledger: this.#ledger(),
    };
  }

  async #write(writer: SegmentWriter, parcels: readonly Parcel[]): Promise<StoredParcel[]> {
    const { number: segment } = writer.segment;
    let { frame, records } = this.#written;
    let offset = writer.segment.sizeBytes;
    const pieces: Uint8Array[] = [];
    const stored: StoredParcel[] = [];
    for (const parcel of parcels) {
      const encoded = encodeUnitFrame({ ...parcel, number: frame, recordsBefore: records });
      offset += encoded.reduce((sum, { length }) => sum + length, 0);
      records += parcel.records;
      pieces.push(...encoded);
      const { capturedAtMs } = parcel;
      stored.push({ frame, after: { segment, offset, frame: ++frame, records, capturedAtMs } });
    }
    await writer.append(pieces);
    if (this.#plan.sync === 'batch') await writer.sync();
    else if (this.#plan.sync === 'interval') this.#syncSoon();
    this.#written = stored.at(-1)!.after;
    return stored;
  }

  /** The segment that a frame goes to. */
  async #writerFor(bytes: number): Promise<SegmentWriter> {
    const writer = this.#writer;
    if (writer === undefined) return await this.#beginSegment();
    const { sizeBytes, beganAtMs } = writer.segment;
    // Where the output keeps up, the same few pages of memory serve all segments.
    const most = Math.min(
      segmentBytes(this.#plan),
      this.isEmpty ? emptySegmentBytes : Number.POSITIVE_INFINITY,
    );
    // Where units may not wait for long, one segment does not collect them for long.
    const ageMs = this.#plan.maxAgeMs === 0 ? 0 : performance.now() - beganAtMs;
    if ((writer.isFresh || sizeBytes + bytes <= most) && ageMs * 8 <= this.#plan.maxAgeMs) return writer;
    await this.#closeWriter();
    return await this.#beginSegment();
  }

  async #beginSegment(): Promise<SegmentWriter> {
    this.#writer = await SegmentWriter.create(this.#plan.folder, this.#nextSegment, this.origin);
    this.#segments.push(this.#writer.segment);
    return this.#writer;
  }

  get #nextSegment(): number {
    return Math.max(this.#written.segment, this.#segments.at(-1)?.number ?? 0) + 1;
  }

  /** Makes room of what was read, all of it. */
  async #startOver(): Promise<void> {
    await this.#closeWriter();
    // A file that is open takes room though it is removed.
    await this.#reader.close();
    this.#read = { ...this.#written, segment: this.#nextSegment, offset: 0 };
    await this.#removeRead();
  }

  async #closeWriter(): Promise<void> {
    const writer = this.#writer;
    this.#writer = undefined;
    if (writer === undefined) return;
    try {
      if (this.#plan.sync !== 'none' && !this.isEmpty) await writer.sync();
    } finally {
      await writer.close();
    }
  }

  #syncSoon(): void {
    this.#syncTimer ??= setTimeout(() => {
      this.#syncTimer = undefined;
      // What the output has needs no disk.
      if (this.isEmpty) return;
      this.#writer?.sync().catch((error: unknown) => {
        this.#log.error('a spool cannot be synced', { error: (error as Error).message });
      });
    }, syncIntervalMs).unref();
  }

  /** The place of the first frame of the segment after one; the end where there is none. */
  async #startOfSegmentAfter(number: number): Promise<SpoolPlace> {
    for (const segment of this.#segments) {
      if (segment.number <= number || segment.number > this.#written.segment) continue;
      const file = await open(segment.path).catch(() => undefined);
      if (file === undefined) continue;
      try {
        for await (const event of readSegment(file, segment.path)) {
          const frame = event.kind === 'frame' ? unitFrameOf(event.frame) : undefined;
          if (frame === undefined) continue;
          return {
            segment: segment.number,
            offset: 0,
            frame: frame.number,
            records: frame.recordsBefore,
          };
        }
      } catch (error) {
        if (!isCamflowError(error)) throw error;
      } finally {
        await file.close();
      }
    }
    return this.#written;
  }

  /**
   * Removes segments that were read, once a state that says so is on the disk: after a power cut an older one would
   * take what is missing for damage.
   */
  #removeRead(): Promise<void> {
    this.#removing = this.#removing.then(async () => {
      const read = this.#segments.filter(
        (segment) => segment.number < this.#read.segment && segment !== this.#writer?.segment,
      );
      if (read.length === 0) return;
      try {
        await this.save();
        await this.#state.sync();
      } catch (error) {
        // The disk may be full, and room is what it needs.
        this.#log.warn('what was read is removed from a spool before that is on record', {
          folder: this.#plan.folder,
          error: (error as Error).message,
        });
      }
      await this.#unlink(read);
    });
    return this.#removing;
  }

  async #unlink(segments: readonly SpoolSegment[]): Promise<void> {
    for (const segment of segments) {
      await unlink(segment.path).catch(() => {});
      this.#segments.splice(this.#segments.indexOf(segment), 1);
    }
  }
}

/** Bytes at which a segment ends of which everything was acknowledged. */
const emptySegmentBytes = 4 << 20;

/** Longest time between a write and its sync, for `sync: 'interval'`. */
const syncIntervalMs = 1000;
