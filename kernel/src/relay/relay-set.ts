import { abiCamflow09, CamflowError, type Logger } from '@camflow/api';
import { RelayFile, type RelayProgress, type RelayRead } from './relay-file.ts';
import { defaultRelayFolder, type RelayName, relayNamesIn } from './relay-names.ts';

/** How a set of relay files is read. */
export interface RelaySetOptions {
  /** Folder of the relay files. */
  readonly folder: string;
  /** Most short files that one round reads; the next round takes the next ones. */
  readonly shortFilesPerRound: number;
  /** How often to look for CPUs that came or went, in milliseconds. Default 1000. */
  readonly rescanMs?: number;
  readonly log: Logger;
}

/** What comes next from a set of relay files. */
export type RelayStep =
  | ({ readonly kind: 'records' } & RelayRead)
  | {
      readonly kind: 'roundEnd';
      /** Whether the round read anything. */
      readonly hadRecords: boolean;
      /** Whether more is waiting, so that the next round should start at once. */
      readonly moreWaiting: boolean;
    };

/**
 * The relay files of all CPUs, read in rounds: every short file once, then every long file until it is empty. A
 * record in a short file is written after the names that it needs, so when a round has ended, every name that its
 * short records need was read.
 *
 * One reader only; main thread; nothing here waits.
 */
export class RelaySet {
  readonly #options: RelaySetOptions;
  readonly #files = new Map<string, RelayFile>();
  readonly #progress = new Map<string, RelayProgress>();
  /** Files that are no longer in the folder: read until empty, then closed. */
  readonly #leaving = new Set<RelayFile>();
  readonly #refused = new Set<string>();
  #queue: RelayFile[] | undefined;
  #firstShort = 0;
  #scannedAtMs = 0;
  #hadRecords = false;
  #moreWaiting = false;
  #cutOff = 0;

  constructor(options: RelaySetOptions) {
    this.#options = options;
  }

  /** Number of CPUs that have a short file. */
  get cpus(): number {
    return this.#filesOf('short').length;
  }

  /** Records that have begun and not ended, in files that are open. */
  get partialRecords(): number {
    return [...this.#files.values()].filter((file) => file.holdsPartialRecord).length;
  }

  /** Records that were cut off because their file vanished, since the last call. */
  takeCutOff(): number {
    const cutOff = this.#cutOff;
    this.#cutOff = 0;
    return cutOff;
  }

  /**
   * Opens every relay file that is there.
   * @throws CamflowError `SOURCE_UNAVAILABLE` where there is none; `PERMISSION_DENIED`
   */
  open(): void {
    const { folder } = this.#options;
    const hint =
      'Check that debugfs is mounted, that the kernel has CamFlow, and that camconfd has started its relay.';
    let names: RelayName[];
    try {
      names = relayNamesIn(folder);
      for (const name of names) this.#open(name);
    } catch (error) {
      this.close();
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EACCES' || code === 'EPERM') {
        throw new CamflowError('PERMISSION_DENIED', `Relay files in ${folder} may not be read`, {
          cause: error,
          hint: 'Run as root.',
        });
      }
      throw new CamflowError('SOURCE_UNAVAILABLE', `Cannot open the relay files in ${folder}`, {
        cause: error,
        hint,
      });
    }
    if (names.length === 0) {
      throw new CamflowError('SOURCE_UNAVAILABLE', `${folder} holds no relay files`, {
        hint: folder === defaultRelayFolder ? hint : 'They are named provenanceN and long_provenanceN.',
      });
    }
    this.#scannedAtMs = performance.now();
  }

  /**
   * Makes the next read of the round that has records, or tells that the round has ended.
   * @param into - where the records go: room for at least one long record
   * @throws CamflowError `SOURCE_FAILED`; `PIPELINE_STATE` where the memory is too small
   */
  next(into: Uint8Array): RelayStep {
    if (into.length < abiCamflow09.framing.longBytes) {
      throw new CamflowError('PIPELINE_STATE', `${into.length} bytes do not hold a long record`);
    }
    this.#queue ??= this.#startRound();
    for (let file = this.#queue[0]; file !== undefined; file = this.#queue[0]) {
      const read = file.read(into);
      if (read.full && file.stream.kind === 'short') this.#moreWaiting = true;
      if (!read.full || file.stream.kind === 'short') this.#queue.shift();
      if (file.isGone || (this.#leaving.has(file) && !read.full)) this.#close(file);
      if (read.byteLength === 0) continue;
      this.#hadRecords = true;
      return { kind: 'records', ...read };
    }
    this.#queue = undefined;
    return { kind: 'roundEnd', hadRecords: this.#hadRecords, moreWaiting: this.#moreWaiting };
  }

  /** Closes every file. Legal twice. */
  close(): void {
    for (const file of this.#files.values()) file.close();
    this.#files.clear();
    this.#leaving.clear();
    this.#queue = undefined;
  }

  #startRound(): RelayFile[] {
    const now = performance.now();
    if (now - this.#scannedAtMs >= (this.#options.rescanMs ?? 1000)) {
      this.#scannedAtMs = now;
      this.#rescan();
    }
    const short = this.#filesOf('short');
    if (this.#firstShort >= short.length) this.#firstShort = 0;
    const turn = short.slice(this.#firstShort, this.#firstShort + this.#options.shortFilesPerRound);
    this.#firstShort += turn.length;
    this.#hadRecords = false;
    this.#moreWaiting = this.#firstShort < short.length;
    return [...turn, ...this.#filesOf('long')];
  }

  #filesOf(kind: 'short' | 'long'): RelayFile[] {
    return [...this.#files.values()].filter((file) => file.stream.kind === kind);
  }

  #rescan(): void {
    const { folder, log } = this.#options;
    let names: RelayName[];
    try {
      names = relayNamesIn(folder);
    } catch (error) {
      log.warn('Cannot look for CPUs', { folder, error: (error as Error).message });
      return;
    }
    const present = new Set(names.map(({ name }) => name));
    for (const [name, file] of this.#files) {
      if (present.has(name)) this.#leaving.delete(file);
      else this.#leaving.add(file);
    }
    for (const name of names) this.#tryOpen(name);
  }

  /** Opens the file of a CPU that came; where that fails, says so once and is tried again. */
  #tryOpen(name: RelayName): void {
    if (this.#files.has(name.name)) return;
    const { folder, log } = this.#options;
    try {
      this.#open(name);
      this.#refused.delete(name.name);
      log.info('A relay file came', { folder, name: name.name });
    } catch (error) {
      if (this.#refused.has(name.name)) return;
      this.#refused.add(name.name);
      log.warn('Cannot open a relay file', { folder, name: name.name, error: (error as Error).message });
    }
  }

  #open(name: RelayName): void {
    const progress = this.#progress.get(name.name) ?? { records: 0, bytes: 0 };
    this.#files.set(name.name, new RelayFile(this.#options.folder, name, progress));
    this.#progress.set(name.name, progress);
  }

  #close(file: RelayFile): void {
    if (file.holdsPartialRecord) this.#cutOff++;
    file.close();
    this.#leaving.delete(file);
    this.#queue = this.#queue?.filter((other) => other !== file);
    for (const [name, other] of this.#files) if (other === file) this.#files.delete(name);
    this.#options.log.info('A relay file went', { path: file.path });
  }
}
