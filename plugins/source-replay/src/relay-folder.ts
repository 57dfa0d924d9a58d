import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { StreamId } from '@camflow/api';

/** A file of raw relay bytes. */
export interface RelayPath {
  readonly path: string;
  readonly stream: StreamId;
}

const patterns: readonly (readonly [pattern: RegExp, kind: StreamId['kind']])[] = [
  [/^(?:long\.cpu(\d{1,6})\.bin|long_provenance(\d{1,6}))$/, 'long'],
  [/^(?:short\.cpu(\d{1,6})\.bin|provenance(\d{1,6}))$/, 'short'],
];

/** The names that relay files have, for messages. */
export const relayNames = 'short.cpuN.bin, long.cpuN.bin, provenanceN or long_provenanceN';

/** Whether a file of this name is taken for a relay file. */
export function isRelayName(name: string): boolean {
  return patterns.some(([pattern]) => pattern.test(name));
}

/** The relay files of a folder in the order of replay: long ones first, as they carry names, then by CPU. */
export async function relayPathsOf(folder: string): Promise<RelayPath[]> {
  const paths: RelayPath[] = [];
  const names = (await readdir(folder)).sort();
  for (const [pattern, kind] of patterns) {
    const found: RelayPath[] = [];
    for (const name of names) {
      const match = pattern.exec(name);
      const cpu = Number(match?.[1] ?? match?.[2]);
      if (match) found.push({ path: join(folder, name), stream: { cpu, kind } });
    }
    paths.push(...found.sort((a, b) => a.stream.cpu - b.stream.cpu));
  }
  return paths;
}
