import type { OptionDoc } from '@camflow/api';
import type { SectionDescriptions } from './section-description.ts';

const lineWidth = 100;

/**
 * A configuration file that sets nothing and explains everything: each key behind a comment sign, with its
 * default. The files that come with the project are made by this.
 * @param introduction - what the file is, one paragraph per element
 */
export function renderIni(introduction: readonly string[], descriptions: SectionDescriptions): string {
  const parts = [introduction.map(comment).join('\n#\n')];
  for (const [name, { options, selection }] of descriptions) {
    const keys = Object.entries({ ...options?.keys, ...selection });
    parts.push([`[${name}]`, ...keys.map(([key, doc]) => renderKey(key, doc))].join('\n'));
  }
  return `${parts.join('\n\n')}\n`;
}

function renderKey(key: string, doc: OptionDoc): string {
  const repeated = doc.repeatable ? ' May be given more than once.' : '';
  // Some defaults are told rather than written, "one per processor".
  const written = doc.default === undefined || /^\S*$/.test(doc.default);
  const told = written ? '' : ` Default: ${doc.default}.`;
  return `${comment(doc.summary + repeated + told)}\n;${key}=${written ? (doc.default ?? '') : ''}`;
}

function comment(text: string): string {
  const lines = [''];
  for (const word of text.split(' ')) {
    const longer = `${lines.at(-1)} ${word}`;
    if (longer.length < lineWidth) lines[lines.length - 1] = longer;
    else lines.push(` ${word}`);
  }
  return lines.map((line) => `#${line}`).join('\n');
}
