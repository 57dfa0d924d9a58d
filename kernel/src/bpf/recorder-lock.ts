import { closeSync, ftruncateSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs';
import { CamflowError } from '@camflow/api';
import { nativeCall } from '../libc/native-call.ts';
import { systemCallError } from '../libc/system-call-error.ts';

const folder = '/run/camflow';
const file = `${folder}/recorder.lock`;
const [exclusive, withoutWaiting] = [2, 4];
const heldBySomeone = -11;

const flock: (fd: number, operation: number) => number = nativeCall<[number, number]>(
  'int flock(int fd, int operation)',
);

/** The right to read the rings, which one process has at a time. It ends with the process at the latest. */
export class RecorderLock {
  #fd: number;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** @throws CamflowError `SOURCE_UNAVAILABLE` where another recorder runs */
  static take(): RecorderLock {
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    const fd = openSync(file, 'a+', 0o644);
    const result = flock(fd, exclusive | withoutWaiting);
    if (result < 0) {
      const holder = readFileSync(file, 'utf8').trim();
      closeSync(fd);
      if (result !== heldBySomeone) throw systemCallError('flock', file, result);
      throw new CamflowError(
        'SOURCE_UNAVAILABLE',
        `Another recorder is running (process ${holder || 'unknown'})`,
        {
          hint: 'Stop it first: the rings have one reader.',
        },
      );
    }
    ftruncateSync(fd);
    writeSync(fd, `${process.pid}\n`);
    return new RecorderLock(fd);
  }

  /** Legal twice. */
  release(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }
}
