import type { OptionsDefinition } from '@camflow/api';
import { longestSocketPath } from '@camflow/kernel';
import * as v from 'valibot';

/** Options of the UNIX socket output. */
export interface UnixSocketOptions {
  /** Absolute path of the reader's socket. */
  readonly address: string;
  readonly type: 'dgram' | 'stream';
  /** Size up to which lines are joined into one datagram, in bytes. */
  readonly maxDatagramBytes: number;
  /** Send buffer of a datagram socket in bytes; undefined for the kernel's default. */
  readonly sendBufferBytes: number | undefined;
  /** Whether the reader of a stream socket acknowledges every unit. */
  readonly ack: boolean;
  /** Whether every unit stands behind its identifier; with `ack` only. */
  readonly unitIds: boolean;
}

const boolean = v.pipe(
  v.optional(v.picklist(['true', 'false'], 'expected true or false'), 'false'),
  v.transform((text) => text === 'true'),
);

const bytes = (least: number, most: number) =>
  v.pipe(
    v.string(),
    v.regex(/^\d{1,10}$/, 'expected a whole number of bytes'),
    v.transform(Number),
    v.minValue(least, `expected at least ${least}`),
    v.maxValue(most, `expected at most ${most}`),
  );

const schema = v.pipe(
  v.object({
    address: v.optional(
      v.pipe(
        v.string(),
        v.startsWith('/', 'expected an absolute path'),
        v.check((path) => !path.includes('\0') && !path.endsWith('/'), 'expected the path of a socket'),
        v.check(
          (path) => Buffer.byteLength(path) <= longestSocketPath,
          `expected at most ${longestSocketPath} bytes`,
        ),
      ),
      '/run/camflow/camflowd.sock',
    ),
    type: v.optional(v.picklist(['dgram', 'stream'], 'expected dgram or stream'), 'dgram'),
    max_datagram: v.optional(bytes(1, 1 << 20), '8192'),
    send_buffer: v.optional(bytes(4096, 1 << 28)),
    ack: boolean,
    unit_ids: boolean,
  }),
  v.forward(
    v.check(({ ack, type }) => !ack || type === 'stream', 'needs type=stream'),
    ['ack'],
  ),
  v.forward(
    v.check(({ ack, unit_ids }) => ack || !unit_ids, 'needs ack=true'),
    ['unit_ids'],
  ),
  v.transform(
    ({ address, type, max_datagram, send_buffer, ack, unit_ids }): UnixSocketOptions => ({
      address,
      type,
      maxDatagramBytes: max_datagram,
      sendBufferBytes: send_buffer,
      ack,
      unitIds: unit_ids,
    }),
  ),
);

/** The keys of `[unix_socket]`. */
export const unixSocketOptions: OptionsDefinition<UnixSocketOptions> = {
  schema,
  keys: {
    address: {
      summary: 'Socket of the reader: an absolute path. The reader makes it.',
      default: '/run/camflow/camflowd.sock',
    },
    type: {
      summary: 'Kind of socket that the reader has made: dgram (as CamFlow) or stream.',
      default: 'dgram',
    },
    max_datagram: {
      summary:
        'Size up to which lines are joined into one datagram, in bytes. A longer unit is sent by itself; one that the kernel cannot carry is counted as unit_too_large.',
      default: '8192',
    },
    send_buffer: {
      summary:
        'Send buffer of a dgram socket, in bytes: bounds the size of a datagram. Where it is not given, that of the kernel holds (net.core.wmem_default).',
    },
    ack: {
      summary:
        'Whether the reader sends back one byte 0x06 for each unit that it has taken, and what it has not acknowledged is given to it again: needs type=stream.',
      default: 'false',
    },
    unit_ids: {
      summary:
        'Whether each unit stands behind its identifier and a tab, by which repeats can be told: needs ack=true.',
      default: 'false',
    },
  },
};
