/** One value as a line of a file gives it. */
export interface IniAssignment {
  /** Section it stands in, in its usual spelling; empty before the first section. */
  readonly section: string;
  readonly key: string;
  readonly value: string;
  /** Number of the line, 1 and up. */
  readonly line: number;
}

/** A line that cannot be understood. */
export interface IniProblem {
  readonly line: number;
  readonly message: string;
}

/** What a file says. */
export interface IniDocument {
  readonly assignments: readonly IniAssignment[];
  /** Where each section first stands, by its usual spelling. */
  readonly sectionLines: ReadonlyMap<string, number>;
  readonly problems: readonly IniProblem[];
  /** Lines that are understood, but perhaps not as their author meant them. */
  readonly doubts: readonly IniProblem[];
}

const validKey = /^[A-Za-z0-9_.-]+$/;

/**
 * The one spelling of a section name. CamFlow's files write `ipv4−ingress` with a minus sign (U+2212), its
 * documentation with a hyphen; it calls one output both `unix` and `unix_socket`.
 */
export function canonicalSection(name: string): string {
  const hyphenated = name.replaceAll('\u2212', '-');
  return hyphenated === 'unix' ? 'unix_socket' : hyphenated;
}

/**
 * Reads the dialect of CamFlow 0.9, which is that of libinih: `=` or `:`, comment lines with `;` or `#`, a
 * comment behind a value only after a blank and with `;`, no quotes and no escapes. A line that starts with a
 * blank gives one more value to the key above it. A heading that is not closed leaves the section as it is.
 */
export function parseIni(text: string): IniDocument {
  const assignments: IniAssignment[] = [];
  const sectionLines = new Map<string, number>();
  const problems: IniProblem[] = [];
  const doubts: IniProblem[] = [];
  let section = '';
  let previousKey = '';
  const lines = text.replace(/^\ufeff/, '').split('\n');
  for (const [index, whole] of lines.entries()) {
    const line = index + 1;
    const content = trimBlanks(whole);
    if (content === '' || content[0] === ';' || content[0] === '#') continue;
    const meant = trimBlanks(content.replace(/[ \t\v\f\r];.*$/s, ''));
    if (previousKey !== '' && isBlank(whole[0])) {
      if (/^[a-z_]+\s*=/.test(meant)) {
        doubts.push({ line, message: `starts with a blank, and so is one more value of "${previousKey}"` });
      }
      if (validKey.test(previousKey)) assignments.push({ section, key: previousKey, value: meant, line });
      else problems.push({ line, message: `one more value of "${previousKey}", which is no key` });
    } else if (meant[0] === '[') {
      const end = meant.indexOf(']');
      if (end < 0) {
        problems.push({ line, message: 'a section needs a closing "]"' });
        continue;
      }
      section = canonicalSection(meant.slice(1, end));
      previousKey = '';
      if (!sectionLines.has(section)) sectionLines.set(section, line);
    } else {
      const assignment = parseAssignment(meant);
      // libinih takes any text for a key, and what follows it for more of its values.
      previousKey = assignment?.key ?? previousKey;
      if (assignment !== undefined && validKey.test(assignment.key)) {
        assignments.push({ section, ...assignment, line });
      } else problems.push({ line, message: 'neither a [section], nor "key=value", nor a comment' });
    }
  }
  return { assignments, sectionLines, problems, doubts };
}

function parseAssignment(text: string): { key: string; value: string } | undefined {
  const split = text.search(/[=:]/);
  if (split < 0) return undefined;
  return { key: trimBlanks(text.slice(0, split)), value: trimBlanks(text.slice(split + 1)) };
}

function trimBlanks(text: string): string {
  return text.replace(/^[ \t\v\f\r]+|[ \t\v\f\r]+$/g, '');
}

function isBlank(character: string | undefined): boolean {
  return character !== undefined && ' \t\v\f\r'.includes(character);
}
