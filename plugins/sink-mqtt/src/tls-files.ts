import { readFile } from 'node:fs/promises';
import { CamflowError } from '@camflow/api';
import type { MqttOptions } from './options.ts';

/** What a TLS connection is made with, as PEM text. */
export interface TlsFiles {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

/**
 * Reads the files that the options name.
 *
 * @throws CamflowError `SINK_MISCONFIGURED` where one cannot be read
 */
export async function readTlsFiles(options: MqttOptions): Promise<TlsFiles> {
  const files: { -readonly [Name in keyof TlsFiles]: TlsFiles[Name] } = {};
  for (const name of ['ca', 'cert', 'key'] as const) {
    const path = options[name];
    if (path === undefined) continue;
    try {
      files[name] = await readFile(path);
    } catch (cause) {
      throw new CamflowError('SINK_MISCONFIGURED', `The file ${path}, set as ${name}, cannot be read`, {
        cause,
      });
    }
  }
  return files;
}
