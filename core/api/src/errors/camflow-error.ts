import type { ErrorCode } from './codes.ts';

const brand: unique symbol = Symbol.for('camflow.error') as never;

/** What a {@link CamflowError} is made of. */
export interface CamflowErrorDetails {
  /** What the reader can do about it: one imperative sentence, shown after the message. */
  readonly hint?: string;
  /** The error underneath. */
  readonly cause?: unknown;
  /** True where the same call may succeed later. Sinks use it to tell retryable from permanent errors. Default false. */
  readonly retryable?: boolean;
}

/**
 * The one error class. Two copies of this package may be loaded side by side (a plugin brings its own), so
 * errors are told apart with {@link isCamflowError} and `code`, never with `instanceof`.
 */
export class CamflowError extends Error {
  override readonly name: string = 'CamflowError';
  /** Stable name of the failure. */
  readonly code: ErrorCode;
  /** What to do about it, if anything can be said. */
  readonly hint: string | undefined;
  /** Whether trying again may help. */
  readonly retryable: boolean;

  /**
   * @param code - stable name of the failure
   * @param message - what failed, and on what: no trailing full stop
   */
  constructor(code: ErrorCode, message: string, details: CamflowErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
    this.retryable = details.retryable ?? false;
    Object.defineProperty(this, brand, { value: true });
  }
}

/** Whether a value is a CamflowError of this or any other copy of the package. */
export function isCamflowError(value: unknown): value is CamflowError {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[brand] === true;
}

/** One line for people: message, causes and hint. Never a stack trace. */
export function describeError(error: unknown): string {
  if (!(error instanceof Error) && !isCamflowError(error)) return String(error);
  const parts = [error.message];
  for (let cause = error.cause; cause instanceof Error; cause = cause.cause) {
    if (!parts.some((part) => part.includes((cause as Error).message))) parts.push(cause.message);
  }
  const hint = isCamflowError(error) && error.hint ? `. ${error.hint}` : '';
  return parts.join(': ') + hint;
}
