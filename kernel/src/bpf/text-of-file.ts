import { readFileSync } from 'node:fs';

/** What a file says; nothing where it is not there, or may not be read. */
export function textOfFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
