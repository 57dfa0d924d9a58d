import path from 'node:path';
import type { Writable } from 'node:stream';
import { type FoundSpool, listSpools, readSpool, removeSpool } from '@camflow/runtime';
import { describeCauses } from '../report/balance.ts';
import { formatBytes, formatCounted } from '../report/numbers.ts';

/** What is in the spools below a folder, one line for each. */
export async function describeSpools(spoolDir: string): Promise<string> {
  const spools = await listSpools(spoolDir);
  if (spools.length === 0) return `no spools in ${spoolDir}`;
  return spools.map(describe).join('\n');
}

function describe({ output, records, sizeBytes, holder, delivered, dropped }: FoundSpool): string {
  const owner = holder === undefined ? '' : `, in use by process ${holder}`;
  const history = `${formatCounted(delivered, 'record')} delivered so far, lost: ${describeCauses(dropped)}`;
  return `${output}: ${formatCounted(records, 'record')} (${formatBytes(sizeBytes)}) wait; ${history}${owner}`;
}

/** Writes the units that wait for an output, in order, and leaves them where they are. */
export async function printSpool(spoolDir: string, output: string, target: Writable): Promise<void> {
  for await (const { units } of readSpool(folderOf(spoolDir, output))) {
    // The bytes live until the next frame is read.
    await new Promise<void>((resolve, reject) => {
      target.write(units.bytes, (error) => (error ? reject(error) : resolve()));
    });
  }
}

/** Removes what waits for an output, with its accounts. @returns what was removed, for people */
export async function discardSpool(spoolDir: string, output: string): Promise<string> {
  const found = (await listSpools(spoolDir)).find((spool) => spool.output === output);
  await removeSpool(folderOf(spoolDir, output));
  return `removed ${formatCounted(found?.records ?? 0, 'record')} that waited for ${output}`;
}

function folderOf(spoolDir: string, output: string): string {
  return path.join(spoolDir, encodeURIComponent(output));
}
