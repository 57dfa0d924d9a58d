import { readdirSync } from 'node:fs';
import type { StreamId } from '@camflow/api';

/** A relay file of a folder, by name. */
export interface RelayName {
  readonly name: string;
  readonly stream: StreamId;
}

/** Where CamFlow's kernel puts its relay files. */
export const defaultRelayFolder = '/sys/kernel/debug';

/**
 * The relay files of a folder, by CPU. Numbers of CPUs may have holes and be of any size.
 * @throws the error of readdir, with its `code`
 */
export function relayNamesIn(folder: string): RelayName[] {
  const names: RelayName[] = [];
  for (const name of readdirSync(folder)) {
    const match = /^(long_)?provenance(0|[1-9]\d{0,5})$/.exec(name);
    if (match) names.push({ name, stream: { cpu: Number(match[2]), kind: match[1] ? 'long' : 'short' } });
  }
  return names.sort((a, b) => a.stream.cpu - b.stream.cpu);
}
