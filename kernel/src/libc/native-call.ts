import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { LibraryHandle } from 'koffi';

type Koffi = typeof import('koffi');

const require = createRequire(import.meta.url);
let koffi: Koffi | undefined;
let libc: LibraryHandle | undefined;

/**
 * Declares a function of the C library. koffi is loaded and the function looked up at the first call, so that
 * importing this package costs nothing. The functions run on the calling thread and must not block.
 *
 * Pointers are only ever passed as byte arrays that the call reads while it runs; none is kept or returned,
 * which leaves no lifetime to get wrong and no 64-bit pointer to round.
 *
 * @param prototype - the function in C, with a signed integer as its result
 * @returns a function whose result is that of the call or, where it failed with -1, the negated errno, as the
 *   kernel itself returns it
 */
export function nativeCall<
  Arguments extends readonly (number | string | Uint8Array | readonly (Uint8Array | null)[] | null)[],
>(prototype: string): (...args: Arguments) => number {
  let bound: ((...args: Arguments) => number) | undefined;
  return (...args) => {
    bound ??= library().func(prototype) as unknown as (...args: Arguments) => number;
    const result = Number(bound(...args));
    return result === -1 ? -(koffi as Koffi).errno() : result;
  };
}

/**
 * As {@link nativeCall}, for a function that blocks: it runs on one of the threads that node has for files and names,
 * which are few. Node cannot end before the call has: it must end by itself.
 *
 * Byte arrays must have a buffer of their own: the engine moves small ones that have not.
 * @returns a function that resolves to the result of the call, -1 where it failed
 */
export function blockingCall<Arguments extends readonly (number | Uint8Array)[]>(
  prototype: string,
): (...args: Arguments) => Promise<number> {
  let bound: { async(...args: unknown[]): void } | undefined;
  return (...args) => {
    bound ??= library().func(prototype) as unknown as { async(...args: unknown[]): void };
    const { async: call } = bound;
    return new Promise((resolve, reject) => {
      call(...args, (error: unknown, result: number) => {
        // The arguments are kept until here.
        if (error && args.length > 0) reject(error);
        else resolve(result);
      });
    });
  };
}

function library(): LibraryHandle {
  // koffi looks for its binary next to the folder it was loaded from: that must be its own, not a link to it.
  koffi ??= require(realpathSync.native(require.resolve('koffi'))) as Koffi;
  // The process itself: Node is linked against the C library, whatever that one is called on this system.
  libc ??= koffi.load(null);
  return libc;
}
