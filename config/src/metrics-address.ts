import * as v from 'valibot';
import type { TextSchema } from './option-values.ts';

/** Where metrics are served: a UNIX socket, or a port of this machine. */
export type MetricsAddress = { readonly path: string } | { readonly host: string; readonly port: number };

/** `127.0.0.1:PORT`, `[::1]:PORT`, `localhost:PORT` or the absolute path of a socket. */
export const metricsAddress: TextSchema<MetricsAddress> = v.pipe(
  v.string(),
  v.rawTransform(({ dataset, addIssue, NEVER }): MetricsAddress => {
    const given = dataset.value;
    if (given.startsWith('/') && !given.includes('\0') && Buffer.byteLength(given) < 108)
      return { path: given };
    const match = /^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\]|localhost):(\d{1,5})$/.exec(given);
    const port = Number(match?.[2]);
    if (match !== null && port > 0 && port < 65_536) return { host: match[1]!.replace(/^\[|\]$/g, ''), port };
    addIssue({
      message: `must be 127.0.0.1:PORT, [::1]:PORT or the absolute path of a socket, not "${given}"`,
    });
    return NEVER;
  }),
);
