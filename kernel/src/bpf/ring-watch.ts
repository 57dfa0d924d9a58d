import { closeSync, readSync, writeSync } from 'node:fs';
import { blockingCall, nativeCall } from '../libc/native-call.ts';
import { systemCallError } from '../libc/system-call-error.ts';

const closeOnExec = 0x80000;
const nonBlocking = 0x800;
const addOperation = 1;
const readable = 1;
/** Of a `struct epoll_event`, where it is largest. */
const eventBytes = 16;

const epollCreate = nativeCall<[flags: number]>('int epoll_create1(int flags)');
const epollControl = nativeCall<[epoll: number, operation: number, fd: number, event: Uint8Array]>(
  'int epoll_ctl(int epoll, int operation, int fd, void *event)',
);
const epollWait = blockingCall<[epoll: number, events: Uint8Array, most: number, timeoutMs: number]>(
  'int epoll_wait(int epoll, void *events, int most, int timeout)',
);
const eventDescriptor = nativeCall<[initial: number, flags: number]>(
  'int eventfd(unsigned int initial, int flags)',
);

/**
 * Sleeps until the kernel says that a ring holds something. It says so for a record before which everything was
 * released, and only then: a reader that has yet to release something must look by itself.
 *
 * The sleep takes one of the threads that node has for files and names, and nobody else's time: it is meant for a
 * reader that has nothing to do.
 */
export class RingWatch {
  readonly #epoll: number;
  readonly #alarm: number;
  #sleeping = false;
  #woken = false;
  #closed = false;

  /**
   * @param rings - descriptors of the rings' maps; they must stay open for as long as this is used
   * @throws CamflowError `SYSTEM_CALL_FAILED`
   */
  constructor(rings: readonly number[]) {
    this.#epoll = demand('epoll_create1', epollCreate(closeOnExec));
    this.#alarm = demand('eventfd', eventDescriptor(0, closeOnExec | nonBlocking));
    // What to wait for, and behind it what nobody looks at.
    const event = new Uint8Array(eventBytes);
    new DataView(event.buffer).setUint32(0, readable, true);
    for (const fd of [...rings, this.#alarm]) {
      demand('epoll_ctl', epollControl(this.#epoll, addOperation, fd, event));
    }
  }

  /**
   * Waits until a ring holds something that was not released, until {@link wake} is called or was since the last sleep,
   * or until the time is over. Not to be called while it waits.
   */
  async sleep(timeoutMs: number): Promise<void> {
    this.#sleeping = true;
    try {
      await epollWait(this.#epoll, new Uint8Array(new ArrayBuffer(eventBytes)), 1, timeoutMs);
    } finally {
      this.#sleeping = false;
      if (this.#woken) readSync(this.#alarm, new Uint8Array(8));
      this.#woken = false;
      if (this.#closed) this.#release();
    }
  }

  /** Ends the sleep, or the next one where there is none. */
  wake(): void {
    if (this.#closed || this.#woken) return;
    this.#woken = true;
    const one = new BigUint64Array([1n]);
    writeSync(this.#alarm, new Uint8Array(one.buffer));
  }

  /** Ends the sleep, and lets go of everything. Legal twice. */
  close(): void {
    if (this.#closed) return;
    this.wake();
    this.#closed = true;
    // The thread that sleeps has it in hand.
    if (!this.#sleeping) this.#release();
  }

  #release(): void {
    closeSync(this.#epoll);
    closeSync(this.#alarm);
  }
}

function demand(call: string, result: number): number {
  if (result < 0) throw systemCallError(call, 'the rings', result);
  return result;
}
