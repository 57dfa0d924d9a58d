import type { ObjectProgram } from './bpf-object.ts';

const introduction = `# The size of the programs

<!-- Written by tests/src/docs/model-programs.test.ts from the object file: run \`pnpm model\`. -->

What the kernel is given for each program, as clang 14 makes it: instructions with those of every function that the
program may call, its own alone, and the bytes of stack that may be in use at once, added up as the verifier does. It takes
no program with more than 512.

How many of its instructions an event costs depends on what is recorded: a hook that nothing tracked has part in is
left within the first few dozen of its own, and sooner where nothing is tracked at all
([why](../adr/0014-hooks-are-left-early.md)). Of everybody is only known what could not be found out later: which files
are mapped shared, and that an object ended or begins where another was.

Up to 6.14 \`cf_pipe_read\` is loaded, later \`cf_anon_pipe_read\`.
The three for access lists (\`cf_vfs_set_acl\` and its like) are loaded from 6.2 on, which has the functions.
`;

/** The page that says how large every program is. */
export function programsPage(programs: readonly ObjectProgram[]): string {
  const rows = programs.map(
    ({ name, section, instructions, ownInstructions, stackBytes }) =>
      `| ${name} | \`${section}\` | ${instructions} | ${ownInstructions} | ${stackBytes} |`,
  );
  const table = [
    '| Program | Attached to | Instructions | Its own | Stack |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
  ];
  return `${introduction}\n${table.join('\n')}\n`;
}
