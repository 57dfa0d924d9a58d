import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ControlStep } from './control-step.ts';

const archive = fileURLToPath(
  new URL('../../../../shared/captures/camflow-0.9.0/cli-transcripts.tar.xz', import.meta.url),
);

/** Why there are no transcripts to compare with; undefined where there are. */
export const whyNoTranscripts: string | undefined = existsSync(archive)
  ? undefined
  : 'no captures beside this checkout';

/** One command of CamFlow's own program, with what it printed. */
export interface Transcript {
  readonly number: number;
  readonly argv: readonly string[];
  readonly asUser: boolean;
  readonly text: string;
  readonly step: ControlStep;
}

const ansi = /\u001b\[\d+m/g;
const account = 1000;

/** Processes of the machine where they were made, and those that take their place. */
const processes = new Map([
  ['53', '@A'],
  ['54', '@B'],
  ['141', '@C'],
]);

/** The machine that the transcripts are of, as far as commands name something of it. */
export const prepareTranscripts: ControlStep = {
  shell: `
    echo 'user:x:1000:1000::/root:/bin/sh' >> /etc/passwd; echo 'user:x:1000:' >> /etc/group
    mkdir -p /data /host; echo 1 > /data/f1; echo 2 > /data/f2; echo 3 > /host/types.txt; cp /bin/true /bin/busybox
    printf '[provenance]\\nmachine_id=1234567\\nenabled=true\\nall=true\\n' > /etc/camflow.ini`,
};

/** The commands of `camflow` and `camconfd` among the transcripts, in their order; the others are about CamFlow's files. */
export function readTranscripts(): Transcript[] {
  const folder = mkdtempSync(path.join(tmpdir(), 'camflow-transcripts-'));
  try {
    execFileSync('tar', ['-xJf', archive, '-C', folder]);
    const transcripts = path.join(folder, 'transcripts');
    return readdirSync(transcripts)
      .sort()
      .flatMap((name) => transcriptOf(name, readFileSync(path.join(transcripts, name), 'utf8')));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function transcriptOf(name: string, content: string): Transcript[] {
  const [command = '', ...lines] = content.split('\n');
  const words = /^\$ (su user -c )?(camflow|camconfd) ?(.*)$/.exec(command);
  if (words === null) return [];
  const [, user, program, rest] = words;
  const number = Number(name.slice(0, 3));
  const argv = rest === '' ? [] : rest!.split(' ');
  const text = lines
    .join('\n')
    .replace(/rc=\d+\n?$/, '')
    .replace(ansi, '');
  return [
    {
      number,
      argv,
      asUser: user !== undefined,
      text,
      step: stepOf(number, program!, argv, user !== undefined),
    },
  ];
}

function stepOf(number: number, program: string, argv: readonly string[], asUser: boolean): ControlStep {
  if (program === 'camconfd') return { shell: 'camconfd --quiet' };
  if (asUser) return { shell: ['camflow', ...argv].join(' '), uid: account };
  const [option = '', subject = '', ...others] = argv;
  const target = option.endsWith('process') ? (processes.get(subject) ?? subject) : subject;
  // CamFlow shifts 32-bit numbers: of bit 40 it makes bit 8. It says that there is no bit 64, and then sets bit 0.
  const rest = number === 32 ? ['8'] : number === 36 ? ['0'] : others;
  return { camflow: [option, target, ...rest].slice(0, Math.max(1, argv.length)) };
}

/** Numbers of transcripts whose outcome differs, and why. */
export const otherwise: ReadonlyMap<number, string> = new Map([
  [1, 'usage comes with the commands'],
  [2, 'the help has more options'],
  [3, 'the version is ours'],
  [8, 'nothing is loaded yet, so there is no node'],
  [36, 'a bit that there is not is refused'],
  [40, 'files of any file system can be marked'],
  [41, 'so this one is'],
  [138, 'where the kernel shows the state to root alone a recorder does, and none runs here'],
]);
