import { CamflowError, type Sink, sinkStopped, type UnitBatch } from '@camflow/api';

/**
 * Writes units to a standard stream. Delivered means: the kernel has every byte, so a reader that is slower
 * than the recorder slows it down. A stream that failed is gone for good: no error is retryable.
 *
 * @param stream - `process.stdout`; stays open
 */
export function createStdoutSink(stream: NodeJS.WriteStream): Sink {
  // The callback of each write tells what went wrong; without a listener the event would end the process.
  const ignore = (): void => {};

  return {
    open: async () => {
      stream.on('error', ignore);
    },
    write: (units, signal) => write(stream, units, signal),
    close: async () => {
      stream.off('error', ignore);
    },
  };
}

function write(stream: NodeJS.WriteStream, units: UnitBatch, signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(sinkStopped('standard output'));
    if (signal.aborted) return stop();
    signal.addEventListener('abort', stop, { once: true });
    // A copy, because a write to a standard stream cannot be called back when the recorder must stop.
    const length = units.ends[units.count - 1] ?? 0;
    stream.write(Buffer.from(units.bytes.subarray(0, length)), (error) => {
      if (error) {
        // A program that ends when its reader goes hears of it by the stream, right after this: then it is a stop.
        setImmediate(() => {
          signal.removeEventListener('abort', stop);
          reject(refused(error));
        });
        return;
      }
      signal.removeEventListener('abort', stop);
      resolve(undefined);
    });
  });
}

function refused(error: Error & { code?: string }): CamflowError {
  if (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED') {
    return new CamflowError('SINK_REJECTED', 'Standard output was closed by its reader', {
      hint: 'Keep the program that reads from the recorder running until the recorder has ended.',
      cause: error,
    });
  }
  return new CamflowError('SINK_REJECTED', 'Standard output cannot be written to', { cause: error });
}
