import { CamflowError } from './camflow-error.ts';

/**
 * The error of a `Sink.write` whose signal was aborted: retryable, because the units are not refused.
 *
 * @param target - what was being written to, for the message: a path, an address
 */
export function sinkStopped(target: string): CamflowError {
  return new CamflowError('SINK_UNAVAILABLE', `Writing to ${target} was stopped before it was done`, {
    retryable: true,
  });
}
