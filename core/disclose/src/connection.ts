import type { Socket } from 'node:net';
import { CamflowError, type ErrorCode } from '@camflow/api';

interface Answer {
  readonly id: number;
  readonly ok: boolean;
  readonly value?: unknown;
  readonly code?: ErrorCode;
  readonly message?: string;
  readonly retry?: boolean;
}

interface Waiting {
  readonly done: (value: unknown) => void;
  readonly fail: (error: Error) => void;
}

/** Requests and answers over one socket: lines of JSON, answered in the order in which they were asked. */
export class Connection {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiting>();
  #next = 1;
  #rest = '';
  #over: Error | undefined;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => this.#take(text));
    socket.on('error', (error) => this.#end(error));
    socket.on('close', () => this.#end(new Error('the connection is closed')));
    // A program that has nothing else to do may end.
    socket.unref();
  }

  /** @throws CamflowError with the code of the recorder's refusal, `SOURCE_FAILED` where it is gone */
  ask(request: Readonly<Record<string, unknown>>): Promise<unknown> {
    if (this.#over !== undefined) return Promise.reject(gone(this.#over));
    const id = this.#next++;
    return new Promise((done, fail) => {
      this.#waiting.set(id, { done, fail });
      this.#socket.ref();
      this.#socket.write(`${JSON.stringify({ id, ...request })}\n`);
    });
  }

  close(): void {
    this.#socket.end();
    this.#socket.unref();
  }

  #take(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop()!;
    for (const line of lines) this.#answer(JSON.parse(line) as Answer);
  }

  #answer({ id, ok, value, code, message, retry }: Answer): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) {
      // What is wrong with the connection as a whole.
      this.#end(new Error(message ?? 'refused'));
      return;
    }
    this.#waiting.delete(id);
    if (this.#waiting.size === 0) this.#socket.unref();
    if (ok) waiting.done(value);
    else
      waiting.fail(new CamflowError(code ?? 'INTERNAL', message ?? 'refused', { retryable: retry === true }));
  }

  #end(error: Error): void {
    this.#over ??= error;
    for (const { fail } of this.#waiting.values()) fail(gone(this.#over));
    this.#waiting.clear();
    this.#socket.destroy();
  }
}

function gone(cause: Error): CamflowError {
  return new CamflowError('SOURCE_FAILED', 'The recorder does not answer any more', {
    cause,
    retryable: true,
  });
}
