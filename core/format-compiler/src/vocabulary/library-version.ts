import { readFileSync } from 'node:fs';

const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
  readonly version: string;
};

/** Version of this package, with a `v` before it as CamFlow's library writes its own. */
export const libraryVersion: string = `v${manifest.version}`;
