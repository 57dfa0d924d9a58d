import { createConnection } from 'node:net';
import { CamflowError } from '@camflow/api';
import { Connection } from './connection.ts';
import { Disclosure } from './disclosure.ts';

/** Where camflowd serves its socket unless it is told otherwise. */
export const defaultSocketPath = '/run/camflow/control.sock';

/** How to connect. */
export interface ConnectOptions {
  /** Path of the socket. Default {@link defaultSocketPath}. */
  readonly path?: string;
}

/**
 * Connects to the recorder.
 * @throws CamflowError `SOURCE_UNAVAILABLE` where no recorder serves the socket
 */
export function connect({ path = defaultSocketPath }: ConnectOptions = {}): Promise<Disclosure> {
  return new Promise((done, fail) => {
    const socket = createConnection(path);
    const refuse = (cause: Error): void => {
      fail(
        new CamflowError('SOURCE_UNAVAILABLE', `No recorder serves ${path}`, {
          cause,
          hint: 'Start camflowd, or name the path that it has in its section [kernel].',
        }),
      );
    };
    socket.once('error', refuse);
    socket.once('connect', () => {
      socket.off('error', refuse);
      done(new Disclosure(new Connection(socket)));
    });
  });
}
