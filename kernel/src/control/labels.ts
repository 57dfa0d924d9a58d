import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { CamflowError } from '@camflow/api';
import { errnoName } from '../libc/system-call-error.ts';

/** Where labels are kept, beside the machine's identifier. */
export const labelFile = '/etc/camflow-labels';

/** As many as there are taint bits. */
export const mostLabels = 64;

/**
 * Names of taint bits, one per line: that of bit 0 first. A line, once written, stays, so that a label means the same
 * bit for as long as the file is kept.
 */
export class LabelTable {
  readonly #path: string;

  constructor(path: string = labelFile) {
    this.#path = path;
  }

  /** The labels, by bit. @throws CamflowError `CONFIG_UNREADABLE` */
  read(): string[] {
    try {
      const lines = readFileSync(this.#path, 'utf8').split('\n');
      // A file that somebody edited may end without a newline: its last line is a label all the same.
      return lines.at(-1) === '' ? lines.slice(0, -1) : lines;
    } catch (cause) {
      if (errnoName(cause) === 'ENOENT') return [];
      throw new CamflowError('CONFIG_UNREADABLE', `Cannot read the labels in ${this.#path}`, { cause });
    }
  }

  /** The labels of the bits that are set; bits without a name are left out. */
  namesOf(taint: bigint): string[] {
    if (taint === 0n) return [];
    return this.read().filter((_, bit) => (taint & (1n << BigInt(bit))) !== 0n);
  }

  /**
   * The bit of a label; undefined where it has none and can be given one.
   * @throws CamflowError as {@link bitOf}
   */
  find(label: string): number | undefined {
    checkLabel(label);
    const labels = this.read();
    const known = labels.indexOf(label);
    if (known >= 0) return known;
    if (labels.length < mostLabels) return undefined;
    throw new CamflowError('CONFIG_BAD_VALUE', `There is no bit left for the label "${label}"`, {
      hint: `All ${mostLabels} labels are in ${this.#path}: use one of them.`,
    });
  }

  /**
   * The bit of a label, which is given one if it has none.
   * @throws CamflowError `CONFIG_BAD_VALUE` where it is no label, or every bit has another one
   */
  bitOf(label: string): number {
    const known = this.find(label);
    if (known !== undefined) return known;
    const draft = `${this.#path}.new`;
    // Who makes the draft has the right to add a label.
    const fd = this.#openDraft(draft);
    try {
      const meanwhile = this.find(label);
      if (meanwhile !== undefined) return meanwhile;
      const labels = this.read();
      writeSync(fd, [...labels, label].map((line) => `${line}\n`).join(''));
      fsyncSync(fd);
      renameSync(draft, this.#path);
      return labels.length;
    } finally {
      closeSync(fd);
      rmSync(draft, { force: true });
    }
  }

  #openDraft(path: string): number {
    try {
      return openSync(path, 'wx', 0o644);
    } catch (cause) {
      const errno = errnoName(cause);
      const denied = errno === 'EACCES' || errno === 'EPERM' || errno === 'EROFS';
      throw new CamflowError(denied ? 'PERMISSION_DENIED' : 'SYSTEM_CALL_FAILED', `Cannot make ${path}`, {
        cause,
        hint:
          errno === 'EEXIST'
            ? 'Another program adds a label: try again, or remove the file.'
            : 'Run as root.',
      });
    }
  }
}

function checkLabel(label: string): void {
  const size = Buffer.byteLength(label);
  if (size > 0 && size <= 255 && !/[\p{Cc}\ufffd]/u.test(label) && label.trim() === label) return;
  throw new CamflowError('CONFIG_BAD_VALUE', `${JSON.stringify(label).slice(0, 80)} is not a label`, {
    hint: 'Take 1 to 255 bytes of text without control characters, and without blanks at its ends.',
  });
}
