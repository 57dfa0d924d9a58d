import { chmodSync, lstatSync, unlinkSync } from 'node:fs';
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import { dirname } from 'node:path';
import { CamflowError, describeError, isCamflowError, type Logger, makeFolderSync } from '@camflow/api';
import { peerCredentials } from '../libc/peer-credentials.ts';
import { errnoName } from '../libc/system-call-error.ts';
import { longestSocketPath } from '../libc/unix-datagram-socket.ts';
import { Caller, type Discloser } from './caller.ts';
import { PeerProcess } from './peer-process.ts';
import { RateLimit } from './rate-limit.ts';
import { parseRequest, type SocketRequest } from './requests.ts';

/** Bytes of one line: more than the largest request has. */
const mostLineBytes = 16_384;
const mostConnections = 256;
const mostPerUser = 32;
/** Answers that a client has not read; beyond them its requests wait. */
const mostUnreadBytes = 256 * 1024;

/** What the socket serves. */
export interface SocketService {
  /** What any user may read, as JSON. */
  state(): unknown;
  readonly discloser: Discloser;
}

/** How it is served. */
export interface SocketOptions {
  readonly path: string;
  readonly log: Logger;
  /** Requests of one user. Default 200 at once, 100 per second. */
  readonly rate?: RateLimit;
}

/**
 * A socket for programs of any user. They may read the state, and tell of themselves: who they are is what the kernel
 * says. Everything they send is bounded: lines, connections, requests per second, and answers that they do not read.
 */
export class ControlSocket {
  readonly #service: SocketService;
  readonly #options: SocketOptions;
  readonly #rate: RateLimit;
  readonly #connections = new Map<Socket, number>();
  readonly #server: Server;

  private constructor(service: SocketService, options: SocketOptions) {
    this.#service = service;
    this.#options = options;
    this.#rate = options.rate ?? new RateLimit({ burst: 200, perSecond: 100 });
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /**
   * Opens the socket.
   * @throws CamflowError `SOURCE_UNAVAILABLE` where somebody else serves it, `PERMISSION_DENIED`, `SYSTEM_CALL_FAILED`
   */
  static async open(service: SocketService, options: SocketOptions): Promise<ControlSocket> {
    const { path } = options;
    if (Buffer.byteLength(path) > longestSocketPath) {
      throw new CamflowError('CONFIG_BAD_VALUE', `${path} is too long for a socket`, {
        hint: `The most is ${longestSocketPath} bytes.`,
      });
    }
    const opened = new ControlSocket(service, options);
    try {
      makeFolderSync(dirname(path), 0o755);
      await removeStale(path);
      await opened.#listen(path);
      // Who may do what is decided by who asks.
      chmodSync(path, 0o666);
    } catch (cause) {
      if (isCamflowError(cause)) throw cause;
      const denied = ['EACCES', 'EPERM', 'EROFS'].includes(errnoName(cause) ?? '');
      throw new CamflowError(denied ? 'PERMISSION_DENIED' : 'SYSTEM_CALL_FAILED', `Cannot serve ${path}`, {
        cause,
        hint: denied ? 'Run as root.' : 'Name another path.',
      });
    }
    return opened;
  }

  /** Ends every connection and takes the socket away. Legal twice. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise<void>((done) => this.#server.close(() => done()));
    for (const socket of this.#connections.keys()) socket.destroy();
    await closed;
  }

  #listen(path: string): Promise<void> {
    return new Promise((done, fail) => {
      this.#server.once('error', fail);
      this.#server.listen(path, () => {
        this.#server.off('error', fail);
        this.#server.on('error', (error) => {
          this.#options.log.warn('the control socket failed', { reason: error.message });
        });
        done();
      });
    });
  }

  #accept(socket: Socket): void {
    socket.on('error', () => socket.destroy());
    // Node has no other way to the descriptor, and the kernel tells of its peer by nothing else.
    const fd = (socket as unknown as { readonly _handle: { readonly fd: number } | null })._handle?.fd ?? -1;
    try {
      this.#welcome(socket, fd);
    } catch (error) {
      this.#options.log.warn('a client of the control socket is refused', { reason: describeError(error) });
      socket.destroy();
    }
  }

  #welcome(socket: Socket, fd: number): void {
    const credentials = peerCredentials(fd);
    const { uid } = credentials;
    const ofUser = [...this.#connections.values()].filter((other) => other === uid).length;
    if (this.#connections.size >= mostConnections || ofUser >= mostPerUser) {
      this.#refuse(socket, 0, new CamflowError('DISCLOSURE_REFUSED', 'Too many connections'), true);
      return;
    }
    const process = PeerProcess.of(fd, credentials);
    this.#connections.set(socket, uid);
    socket.on('close', () => {
      this.#connections.delete(socket);
      process.close();
    });
    const caller = new Caller(process, this.#service.discloser);
    let rest = '';
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => {
      const lines = (rest + text).split('\n');
      rest = lines.pop()!;
      for (const line of lines) if (!socket.destroyed) this.#serve(socket, uid, caller, line);
      if (rest.length > mostLineBytes) this.#refuse(socket, 0, new Error('a line is too long'), true);
      if (socket.writableLength > mostUnreadBytes) {
        socket.pause();
        socket.once('drain', () => socket.resume());
      }
    });
  }

  #serve(socket: Socket, uid: number, caller: Caller, line: string): void {
    let id = 0;
    try {
      if (Buffer.byteLength(line) > mostLineBytes) throw new Error('a line is too long');
      const numbered = parseRequest(line);
      id = numbered.id;
      if (!this.#rate.take(uid)) {
        throw new CamflowError('DISCLOSURE_REFUSED', 'Too many requests', {
          retryable: true,
          hint: 'Wait, and try again.',
        });
      }
      const value = this.#answer(numbered.request, caller);
      socket.write(`${JSON.stringify({ id, ok: true, value })}\n`);
    } catch (error) {
      this.#refuse(socket, id, error as Error, !isCamflowError(error));
    }
  }

  #answer(request: SocketRequest, caller: Caller): unknown {
    switch (request.ask) {
      case 'state':
        return this.#service.state();
      case 'disclose':
        return { node: caller.disclose(request.class, request.attributes, request.link) };
      default:
        caller.relate(request.relation, request.from, request.to);
        return {};
    }
  }

  #refuse(socket: Socket, id: number, error: Error, hangUp: boolean): void {
    const code = isCamflowError(error) ? error.code : 'DISCLOSURE_REFUSED';
    const retry = isCamflowError(error) && error.retryable;
    const answer = { id, ok: false, code, message: describeError(error), ...(retry ? { retry } : {}) };
    if (hangUp) socket.end(`${JSON.stringify(answer)}\n`, () => socket.destroy());
    else socket.write(`${JSON.stringify(answer)}\n`);
  }
}

/** Removes a socket that nobody serves any more. @throws CamflowError where somebody does */
async function removeStale(path: string): Promise<void> {
  const status = lstatSync(path, { throwIfNoEntry: false });
  if (status === undefined) return;
  if (!status.isSocket()) {
    throw new CamflowError('SYSTEM_CALL_FAILED', `${path} exists and is not a socket`, {
      hint: 'Remove it.',
    });
  }
  const served = await new Promise<boolean>((done) => {
    const probe = createConnection(path);
    probe.once('connect', () => done(true)).once('error', () => done(false));
    probe.once('close', () => done(false));
    probe.once('connect', () => probe.destroy());
  });
  if (served) {
    throw new CamflowError('SOURCE_UNAVAILABLE', `Another recorder serves ${path}`, {
      hint: 'Stop it first.',
    });
  }
  unlinkSync(path);
}
