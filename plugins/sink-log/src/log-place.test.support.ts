import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { RawOptions, Sink, UnitBatch } from '@camflow/api';
import sinkLog from './index.ts';
import { logOptions } from './options.ts';

/** The signal of a run that is not stopped. */
export const never: AbortSignal = new AbortController().signal;
const origin = { abi: 'camflow-0.9', machineId: 0, bootId: 0, epoch: 0 };

/** Text of the unit of a number. */
export const unit = (index: number): string =>
  `unit ${String(index).padStart(6, '0')} ${'.'.repeat(index % 90)}\n`;
/** Texts of the units from one number to before another. */
export const units = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => unit(from + i));

/** A batch of those units. */
export function batch(from: number, to: number): UnitBatch {
  const texts = units(from, to);
  let end = 0;
  return {
    source: { numbering: 'n', stream: { cpu: 0, kind: 'short' }, firstSequence: 0, firstUnit: from },
    bytes: Buffer.from(texts.join('')),
    count: texts.length,
    ends: Uint32Array.from(texts, (text) => {
      end += text.length;
      return end;
    }),
    records: new Uint32Array(texts.length).fill(2),
  };
}

/** What a file holds, compressed or not. */
export const contentOf = (file: string): string =>
  (file.endsWith('.gz') ? gunzipSync(readFileSync(file)) : readFileSync(file)).toString();

/** A folder with one log in it. */
export class LogPlace {
  readonly folder: string;
  readonly log: string;
  /** What the outputs logged as errors. */
  readonly errors: string[] = [];
  readonly #mounted: boolean;

  private constructor(folder: string, mounted: boolean) {
    this.folder = folder;
    this.log = path.join(folder, 'audit.log');
    this.#mounted = mounted;
  }

  static create(): LogPlace {
    return new LogPlace(mkdtempSync(path.join(tmpdir(), 'camflow-rotate-')), false);
  }

  /** On a file system of its own. @throws where this user may not mount one */
  static onSmallDisk({ sizeBytes, inodes }: { sizeBytes: number; inodes: number }): LogPlace {
    const { folder } = LogPlace.create();
    const options = `size=${sizeBytes},nr_inodes=${inodes},mode=0700`;
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', folder], { stdio: 'ignore' });
    } catch (error) {
      rmSync(folder, { recursive: true });
      throw error;
    }
    return new LogPlace(folder, true);
  }

  async opened(raw: RawOptions): Promise<Sink> {
    const result = await logOptions.schema['~standard'].validate({ path: this.log, sync: 'none', ...raw });
    if (result.issues) throw new Error('bad options in a test');
    const sink = sinkLog.create(result.value, {
      log: {
        debug() {},
        info() {},
        warn() {},
        error: (message, fields) => void this.errors.push(`${message} ${JSON.stringify(fields)}`),
      },
      section: 'log',
      format: { name: 'lines', mediaType: 'text/plain', framing: 'lines' },
    });
    await sink.open({ origin, policyHash: 'f00d', losses: () => ({ ring_full: 3 }) });
    return sink;
  }

  /** Paths of the old files, the oldest first. */
  old(suffix = ''): string[] {
    return readdirSync(this.folder)
      .filter((name) => /^audit\.log\..*Z(-\d+)?(\.gz)?$/.test(name) && name.endsWith(suffix))
      .sort()
      .map((name) => path.join(this.folder, name));
  }

  /** What the old files and the log hold, one after another. */
  everything(): string {
    return [...this.old(), this.log].map(contentOf).join('');
  }

  /** Removes what is in the folder. */
  clear(): void {
    for (const name of readdirSync(this.folder)) rmSync(path.join(this.folder, name), { recursive: true });
  }

  remove(): void {
    if (this.#mounted) execFileSync('umount', ['-l', this.folder]);
    rmSync(this.folder, { recursive: true });
  }
}
