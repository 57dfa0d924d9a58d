import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const shared = fileURLToPath(new URL('../../../../shared/', import.meta.url));
const folder = `${shared}captures/camflow-0.9.0`;

/** Whether the captures of a CamFlow kernel are beside this checkout. */
export const haveCaptures: boolean = existsSync(folder);

/** For the names of tests. */
export const capturesNote: string = haveCaptures
  ? ''
  : ' (skipped: no CamFlow captures beside this checkout)';

/** The tool that holds an output against what the C serialisers print. */
export const compareTool: string = `${shared}tools/compare.mjs`;

/** Unpacks both captures, with their golden text, into a folder. */
export function unpackCaptures(into: string): void {
  for (const name of ['prop.dump', 'prop.golden', 'tiny2.dump', 'tiny2.golden']) {
    execFileSync('tar', ['-xJf', `${folder}/${name}.tar.xz`, '-C', into]);
  }
}
