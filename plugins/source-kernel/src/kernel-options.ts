import { isAbsolute } from 'node:path';
import type { OptionsDefinition } from '@camflow/api';
import {
  Channel,
  defaultRelayFolder,
  defaultSecurityfsFolder,
  defaultSocketPath,
  isChannelName,
} from '@camflow/kernel';
import * as v from 'valibot';

/** Options of the kernel source. */
export interface KernelOptions {
  /** What to read from; `auto` takes the relay files where the kernel is CamFlow's, BPF programs elsewhere. */
  readonly backend: 'auto' | 'bpf' | 'relay';
  /**
   * With BPF programs: record everything, only what is marked and what descends from it, or what camconfd or camflow
   * said.
   */
  readonly record: 'all' | 'tracked' | 'policy';
  /** Size of the ring of each CPU, in bytes: a power of two. Undefined for the default, or for what there is. */
  readonly ringBytes: number | undefined;
  /** Most bytes kept of one argument or environment string. */
  readonly argumentLimit: number;
  /** Whether the values of extended attributes are recorded, or only their names and sizes. */
  readonly attributeValues: boolean;
  /** Which BPF programs: the main ones, or those of a channel. */
  readonly channel: Channel;
  /** Folder of the relay files; undefined for the one of the kernel. */
  readonly relayDir: string | undefined;
  /** Folder of the control files. */
  readonly securityfsDir: string;
  /** Path of the socket for programs of any user; undefined for none. */
  readonly socket: string | undefined;
  /** Rounds of reading start at least so far apart, in milliseconds. */
  readonly pollMs: number;
  /** Whether to end when nothing is left. */
  readonly once: boolean;
}

const bytesPerMib = 2 ** 20;

const folder = v.pipe(v.string(), v.check(isAbsolute, 'the path must be absolute'));

/** Options of the section of the source. */
export const kernelOptions: OptionsDefinition<KernelOptions> = {
  schema: v.pipe(
    v.object({
      backend: v.optional(v.picklist(['auto', 'bpf', 'relay'], 'write auto, bpf or relay'), 'auto'),
      record: v.optional(v.picklist(['policy', 'all', 'tracked'], 'write policy, all or tracked'), 'policy'),
      ring_mib: v.optional(
        v.pipe(
          v.string(),
          v.regex(/^\d{1,4}$/, 'write a whole number of MiB'),
          v.transform(Number),
          v.check((mib) => mib > 0 && (mib & (mib - 1)) === 0, 'write a power of two: 1, 2, 4, 8, ...'),
          v.maxValue(1024, 'the most is 1024'),
        ),
      ),
      argument_bytes: v.pipe(
        v.optional(v.string(), '131072'),
        v.regex(/^\d{1,6}$/, 'write a whole number of bytes'),
        v.transform(Number),
        v.maxValue(131_072, 'the most is 131072'),
      ),
      xattr_values: v.pipe(
        v.optional(v.picklist(['true', 'false'], 'write true or false'), 'true'),
        v.transform((text) => text === 'true'),
      ),
      channel: v.optional(
        v.pipe(v.string(), v.check(isChannelName, 'write up to 32 letters, digits, _ and -')),
      ),
      relay_dir: v.optional(folder),
      securityfs_dir: v.optional(folder, defaultSecurityfsFolder),
      socket: v.optional(
        v.pipe(
          v.string(),
          v.check((text) => text === 'off' || isAbsolute(text), 'write an absolute path, or off'),
        ),
      ),
      poll_ms: v.pipe(
        v.optional(v.string(), '50'),
        v.regex(/^\d{1,5}$/, 'write a whole number of milliseconds'),
        v.transform(Number),
        v.minValue(1, 'the least is 1'),
        v.maxValue(10_000, 'the most is 10000'),
      ),
      once: v.pipe(
        v.optional(v.picklist(['true', 'false'], 'write true or false'), 'false'),
        v.transform((text) => text === 'true'),
      ),
    }),
    v.transform((raw) => ({
      backend: raw.backend,
      record: raw.record,
      ringBytes: raw.ring_mib === undefined ? undefined : raw.ring_mib * bytesPerMib,
      argumentLimit: raw.argument_bytes,
      attributeValues: raw.xattr_values,
      channel: Channel.named(raw.channel),
      relayDir: raw.relay_dir,
      securityfsDir: raw.securityfs_dir,
      socket: raw.socket === 'off' ? undefined : (raw.socket ?? Channel.named(raw.channel).socketPath),
      pollMs: raw.poll_ms,
      once: raw.once,
    })),
  ),
  keys: {
    backend: {
      summary:
        'What to read from: `bpf`, `relay`, or `auto`: the relay files where there is a CamFlow kernel.',
      default: 'auto',
    },
    record: {
      summary:
        'With BPF programs: `all`, only what is `tracked`, or by `policy`: what camconfd or camflow said, all where they did not.',
      default: 'policy',
    },
    ring_mib: {
      summary:
        'Size of the ring of each CPU, in MiB: a power of two, up to 1024. It holds where the programs are loaded: `camflow unload` first.',
      default: '8',
    },
    argument_bytes: {
      summary: 'Bytes kept of one argument or environment string; the rest is cut and marked.',
      default: '131072',
    },
    xattr_values: {
      summary:
        'With BPF programs: whether the values of extended attributes are recorded, or only their names and sizes.',
      default: 'true',
    },
    channel: {
      summary:
        'With BPF programs: name of the channel to record by, which has a policy and rings of its own; it is made where it is not there. Without it, the main one.',
    },
    relay_dir: { summary: 'Folder of the relay files.', default: defaultRelayFolder },
    securityfs_dir: { summary: 'Folder of the control files of CamFlow.', default: defaultSecurityfsFolder },
    socket: {
      summary:
        'Socket at which programs of any user read the state and, with BPF programs, disclose; or `off`. With `channel`, the default is control-NAME.sock.',
      default: defaultSocketPath,
    },
    poll_ms: { summary: 'Rounds of reading start at least this far apart, in milliseconds.', default: '50' },
    once: {
      summary: 'Whether to end when nothing is left to read, to try it on a folder.',
      default: 'false',
    },
  },
};
