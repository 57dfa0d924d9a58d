/**
 * What shows it, by its file and its name: of what a table lists the whole name, of a test how its title begins.
 */
export type ShownBy = readonly [file: string, name: string];

/** A defect of CamFlow 0.9's kernel, and what is here instead. */
export interface CamflowDefect {
  readonly defect: string;
  readonly here: string;
  readonly shownBy: readonly ShownBy[];
}

const graph: ShownBy = ['tests/src/capture/scenarios.test.ts', 'nothing is wrong with the graph of'];
const scenario = (name: string): ShownBy => ['tests/src/capture/scenarios.ts', name];
const hooks = (name: string): ShownBy => ['tests/src/hooks/scenarios.ts', name];
const calls = (name: string): ShownBy => ['tests/src/hooks/calls.ts', name];
const cases = (name: string): ShownBy => ['tests/src/policy/cases.ts', name];
const verifier: ShownBy = [
  'tests/src/capture/scenarios.test.ts',
  'every program is loaded: the verifier has passed it',
];

/** What is not to be repeated, in the order in which it was found. */
export const camflowDefects: readonly CamflowDefect[] = [
  {
    defect: 'A node changes its type, and nothing links the two.',
    here: 'A type changes with a new version, which is linked to the one before.',
    shownBy: [graph],
  },
  {
    defect:
      'Names of processes are stale after exec, those of hard links are lost; symbolic links and new files are not seen.',
    here: 'Names follow exec and rename, each name of a file is recorded, and a new file by its own inode.',
    shownBy: [scenario('exec_from_thread'), calls('link'), calls('symlink'), calls('creat'), calls('rename')],
  },
  {
    defect: 'The process group overwrites the group, and policies of groups match it.',
    here: 'A process group is no attribute of the process.',
    shownBy: [hooks('process-group'), cases('group track')],
  },
  {
    defect: 'Opacity spreads to the children of an opaque program and is never lifted.',
    here: 'Opacity is not inherited, and ends with the program that it came from.',
    shownBy: [cases('file opaque, a program, its child and what it becomes')],
  },
  {
    defect: 'What was sent over a UNIX socket hangs on a task that is gone.',
    here: 'Both sockets are nodes, and one derives from the other.',
    shownBy: [graph, scenario('unix_stream'), cases('propagation through: socket')],
  },
  {
    defect: 'The record of the machine is read beyond its memory.',
    here: 'Records are written into memory of their own size; the verifier takes no program that reads beyond.',
    shownBy: [verifier, hooks('load')],
  },
  {
    defect:
      'The content of packets is memory of the kernel; packets for connections that nobody has accepted are refused.',
    here: 'The content is the payload, in both directions; capture decides nothing.',
    shownBy: [
      ...['ipv4-egress', 'ipv4-ingress', 'ipv6-egress', 'ipv6-ingress'].map((kind) =>
        cases(`${kind} stream record`),
      ),
      // Its client has sent, and ended, before the server accepts.
      scenario('ipv4_stream'),
    ],
  },
  {
    defect: 'Paths of errors leak memory, or use what is not there.',
    here: 'The verifier takes no program that keeps memory, or uses what may not be there.',
    shownBy: [verifier],
  },
  {
    defect: 'Memory of processes and lists of policies are used without their locks.',
    here: 'Programs read the memory of processes only through the kernel\u2019s helpers, and policies from maps.',
    shownBy: [verifier],
  },
  {
    defect: 'Anybody may write control files: forge relations, stop the kernel, hide.',
    here: 'Control needs root; whoever else asks reads the state and discloses of itself only.',
    shownBy: [
      [
        'tests/src/control/walk-through.test.ts',
        'any user reads the state and discloses, and changes nothing',
      ],
    ],
  },
  {
    defect:
      'Bytes of the stack are in disclosed relations, and a pointer of the kernel in the records of tasks.',
    here: 'Every byte of a record is written; a record has no pointer.',
    shownBy: [
      ['core/disclose/src/disclose.test.ts', 'nodes become children of the process that asks'],
      ['tests/src/capture/completeness.test.ts', 'every record is in the capture or counted as lost'],
    ],
  },
  {
    defect: 'Records of the boot are in reverse order, and may be lost.',
    here: 'What was there before capture is published when it is enabled.',
    shownBy: [
      [
        'tests/src/capture/completeness.test.ts',
        'what was there before is published although it does nothing',
      ],
    ],
  },
  {
    defect: 'Versions are made for relations that are then left out.',
    here: 'What a filter leaves out is asked first.',
    shownBy: [cases('relation filter'), graph],
  },
  {
    defect: 'Of a tracked file it is recorded that its attributes changed or were read, and not by whom.',
    here: 'What stands between a file and who acts is tracked as the file is, and who acts is named.',
    shownBy: [
      cases('file track, and who changes its attributes'),
      cases('file track, and who changes its extended attributes'),
      cases('file track, and who reads its extended attributes'),
    ],
  },
  {
    defect: 'Without another module, extended attributes need no privilege.',
    here: 'A program returns what was decided before it. Kernels before 6.11 with bpf among their modules ask for none by themselves, whether CamFlow is loaded or not.',
    shownBy: [hooks('xattr')],
  },
  {
    defect: 'Failed operations look like those that succeeded.',
    here: 'Names that come, go and change, attributes, extended attributes, ioctl and what is received are recorded once that is done. What is only allowed is said on the page of each hook.',
    shownBy: [hooks('failed'), hooks('xattr'), hooks('ioctl')],
  },
];

/** The page that lists them. */
export function defectsPage(): string {
  const rows = camflowDefects.map(({ defect, here, shownBy }) => {
    const tests = shownBy.map(([file, name]) => `${file}: ${name}`);
    return `| ${defect} | ${here} | ${tests.map((each) => `\`${each}\``).join('<br>')} |`;
  });
  return `# What CamFlow 0.9 gets wrong

<!-- Written by tests/src/docs/model-defects.test.ts: run \`pnpm model\`. -->

Defects of its capture that are not repeated here, and the tests that would fail if they were.

| There | Here | Shown by |
| --- | --- | --- |
${rows.join('\n')}
`;
}
