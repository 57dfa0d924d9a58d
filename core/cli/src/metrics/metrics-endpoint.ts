import { once } from 'node:events';
import { lstat, unlink } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createConnection } from 'node:net';
import { CamflowError } from '@camflow/api';
import type { MetricsAddress } from '@camflow/config';
import type { OutputFigures, RunFigures } from '@camflow/runtime';
import { MetricsText } from './metrics-text.ts';

/**
 * Answers `GET /metrics`, `/healthz` and `/readyz`, to this machine only.
 *
 * Healthy (200, else 503) is a recorder that has not failed; ready is one that reads, with every output that takes
 * what it is given or has a spool for it, and has room for more.
 */
export class MetricsEndpoint {
  readonly #server: Server;
  readonly #socket: string | undefined;

  private constructor(server: Server, socket: string | undefined) {
    this.#server = server;
    this.#socket = socket;
  }

  /** @throws CamflowError `SINK_UNAVAILABLE` where the address cannot be listened on */
  static async listen(address: MetricsAddress, figures: () => RunFigures): Promise<MetricsEndpoint> {
    const text = new MetricsText(figures);
    const server = createServer((request, response) => {
      void answer(request, response, text, figures);
    });
    // A client that says nothing is not waited for, and no more than a few are served at once.
    server.requestTimeout = 5_000;
    server.headersTimeout = 5_000;
    server.maxConnections = 16;
    const socket = 'path' in address ? address.path : undefined;
    if (socket !== undefined) await removeStale(socket);
    const earlier = process.umask(0o117);
    try {
      server.listen('path' in address ? { path: address.path } : address);
      await once(server, 'listening');
    } catch (error) {
      throw new CamflowError('SINK_UNAVAILABLE', 'The address of `metrics` cannot be listened on', {
        cause: error,
        hint: 'Choose another one in [general].',
      });
    } finally {
      process.umask(earlier);
    }
    server.unref();
    return new MetricsEndpoint(server, socket);
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    if (this.#socket !== undefined) await unlink(this.#socket).catch(() => {});
  }
}

/** What makes an output one that the recorder is not ready with. */
const unreadiness: readonly { readonly what: string; readonly holds: (output: OutputFigures) => boolean }[] =
  [
    {
      what: 'not taking anything',
      holds: ({ health, spool }) => health.downForMs !== undefined && spool === undefined,
    },
    { what: 'without room for more', holds: ({ health }) => health.fullForMs !== undefined },
  ];

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  text: MetricsText,
  figures: () => RunFigures,
): Promise<void> {
  const send = (status: number, body: string, type = 'text/plain; charset=utf-8'): void => {
    response.writeHead(status, { 'content-type': type }).end(request.method === 'HEAD' ? undefined : body);
  };
  if (request.method !== 'GET' && request.method !== 'HEAD') return send(405, 'only GET\n');
  try {
    if (request.url === '/metrics') return send(200, await text.text(), text.contentType);
    const { state, outputs } = figures();
    if (request.url === '/healthz') return send(state === 'failed' ? 503 : 200, `${state}\n`);
    if (request.url !== '/readyz') return send(404, 'there are /metrics, /healthz and /readyz\n');
    const complaints = unreadiness.flatMap(({ what, holds }) => {
      const names = outputs.filter(holds).map(({ balance }) => balance.output);
      return names.length === 0 ? [] : [`; ${what}: ${names.join(', ')}`];
    });
    const ready = state === 'running' && complaints.length === 0;
    send(ready ? 200 : 503, `${state}${complaints.join('')}\n`);
  } catch (error) {
    send(500, `${(error as Error).message}\n`);
  }
}

/** Removes the socket of a recorder that was killed; one that someone listens on stays, as does anything else. */
async function removeStale(path: string): Promise<void> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined || !found.isSocket()) return;
  const socket = createConnection(path);
  const listening = await once(socket, 'connect').then(
    () => true,
    () => false,
  );
  socket.destroy();
  if (!listening) await unlink(path);
}
