import { execFile } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { PutFile } from '@camflow/guest';

const sources = fileURLToPath(new URL('../../fixtures/programs/', import.meta.url));
const run = promisify(execFile);

/** A folder of programs: one system call each, or one hook each. */
export type ProgramKind = 'calls' | 'hooks';

/** Names of the programs of a kind. */
export function programsOf(kind: ProgramKind): string[] {
  return readdirSync(path.join(sources, kind))
    .filter((name) => name.endsWith('.c'))
    .map((name) => name.slice(0, -'.c'.length))
    .sort();
}

/**
 * Compiles every program and links them for good, as the guest has no compiler, into one file that runs the program
 * named by its first two arguments; the third says whether `with` or `without` its call.
 */
export async function buildPrograms(folder: string): Promise<PutFile> {
  const kinds: readonly ProgramKind[] = ['calls', 'hooks'];
  const programs = kinds.flatMap((kind) => programsOf(kind).map((name) => ({ kind, name })));
  const host = path.join(folder, 'programs');
  const warnings = ['-O1', '-Wall', '-Wextra', '-Werror'];
  const functionOf = ({ kind, name }: { kind: ProgramKind; name: string }): string =>
    `${kind}_${name.replaceAll('-', '_')}`;
  const objects = await Promise.all(
    programs.map(async (program) => {
      const object = path.join(folder, `${functionOf(program)}.o`);
      const source = path.join(sources, program.kind, `${program.name}.c`);
      await run('gcc', [...warnings, '-c', `-Dmain=${functionOf(program)}`, source, '-o', object]);
      return object;
    }),
  );
  const chooser = path.join(folder, 'chooser.c');
  writeFileSync(
    chooser,
    `#include <string.h>
const char *program;
int with_call;
${programs.map((program) => `int ${functionOf(program)}(void);`).join('\n')}
int main(int count, char **words)
{
	if (count < 4)
		return 125;
	program = words[2];
	with_call = !strcmp(words[3], "with");
${programs.map((program) => `	if (!strcmp(words[1], "${program.kind}") && !strcmp(words[2], "${program.name}")) return ${functionOf(program)}();`).join('\n')}
	return 126;
}
`,
  );
  await run('gcc', [...warnings, '-static', chooser, ...objects, '-o', host]);
  return { host, guest: '/root/bin/programs' };
}
