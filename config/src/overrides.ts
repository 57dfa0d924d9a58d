import { CamflowError } from '@camflow/api';
import { canonicalSection } from './ini-dialect.ts';

/** One `--set section.key=value`. */
export interface Override {
  readonly section: string;
  readonly key: string;
  readonly value: string;
}

/**
 * Takes apart what follows `--set`. The first `=` ends the name, its last dot ends the section: sections may
 * hold dots and hyphens, values anything.
 * @throws CamflowError `USAGE`; the message leaves it to the caller to say that this is about `--set`
 */
export function parseOverride(text: string): Override {
  const match = /^([^=]+)\.([A-Za-z0-9_-]+)=(.*)$/s.exec(text);
  if (match === null) {
    // The value may be a secret, and so may be all of a text that has no "=".
    const name = text.includes('=') ? `"${text.slice(0, text.indexOf('='))}=..."` : 'the argument';
    throw new CamflowError('USAGE', `${name} is not of the form section.key=value`);
  }
  return { section: canonicalSection(match[1]!.trim()), key: match[2]!, value: match[3]! };
}
