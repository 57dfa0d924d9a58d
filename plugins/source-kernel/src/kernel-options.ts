import { isAbsolute } from 'node:path';
import type { OptionsDefinition } from '@camflow/api';
import { defaultRelayFolder, defaultSecurityfsFolder } from '@camflow/kernel';
import * as v from 'valibot';

/** Options of the kernel source. */
export interface KernelOptions {
  /** Folder of the relay files; undefined for the one of the kernel. */
  readonly relayDir: string | undefined;
  /** Folder of the control files. */
  readonly securityfsDir: string;
  /** How long to wait between rounds, in milliseconds. */
  readonly pollMs: number;
  /** Whether to end when nothing is left. */
  readonly once: boolean;
}

const folder = v.pipe(v.string(), v.check(isAbsolute, 'the path must be absolute'));

/** `relay_dir`, `securityfs_dir`, `poll_ms` and `once`. */
export const kernelOptions: OptionsDefinition<KernelOptions> = {
  schema: v.pipe(
    v.object({
      relay_dir: v.optional(folder),
      securityfs_dir: v.optional(folder, defaultSecurityfsFolder),
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
      relayDir: raw.relay_dir,
      securityfsDir: raw.securityfs_dir,
      pollMs: raw.poll_ms,
      once: raw.once,
    })),
  ),
  keys: {
    relay_dir: { summary: 'Folder of the relay files.', default: defaultRelayFolder },
    securityfs_dir: { summary: 'Folder of the control files of CamFlow.', default: defaultSecurityfsFolder },
    poll_ms: { summary: 'How long to wait between rounds of reading, in milliseconds.', default: '50' },
    once: {
      summary: 'Whether to end when nothing is left to read, to try it on a folder.',
      default: 'false',
    },
  },
};
