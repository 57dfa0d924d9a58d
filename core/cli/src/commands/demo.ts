import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeFolder } from '@camflow/api';
import type { DependencyContainer } from 'tsyringe';
import { replay } from './replay.ts';

/** The capture that comes with the programs. */
export const bundledCapture: string = fileURLToPath(new URL('../../assets/demo.capture', import.meta.url));

/**
 * `camflow demo`: replays the bundled capture into a PROV-JSON log in `output/` of the working directory.
 * @returns what to print
 */
export async function demo(container: DependencyContainer): Promise<string> {
  const output = path.resolve('output', 'demo.prov.jsonl');
  await makeFolder(path.dirname(output), 0o777);
  const request = { path: bundledCapture, format: 'w3c', output, overrides: [], quiet: false };
  const { summary } = await replay(request, container);
  const shown = path.relative(process.cwd(), output);
  return `${summary}

Each line of ${shown} is a W3C PROV-JSON document. What to try next:
  camflow trace --in ${shown} inbox/report.txt.gz
  head -n 1 ${shown}
  camflow replay ${path.relative(process.cwd(), bundledCapture)} --format spade_json --output -
  camflow plugins
(from a checkout, write "npx --yes pnpm@10 exec camflow" for "camflow")`;
}
