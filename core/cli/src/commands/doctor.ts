import { existsSync } from 'node:fs';
import { describeError } from '@camflow/api';
import {
  type AccountedLosses,
  Channel,
  checkMachine,
  defaultSecurityfsFolder,
  hooksNotSeen,
  type LoadedCapture,
  lookAtCapture,
} from '@camflow/kernel';
import { formatBytes, formatCount, formatCounted } from '../report/numbers.ts';

/** What the machine can do. */
export interface Diagnosis {
  /** For people. */
  readonly text: string;
  /** Whether capture works. */
  readonly ok: boolean;
}

/** `camflow doctor`: what capture needs, what of it is there, and what would be used. Changes nothing. */
export function diagnose(): Diagnosis {
  const camflow = existsSync(defaultSecurityfsFolder);
  const checks = checkMachine();
  const lines = checks.flatMap(({ ok, finding, remedy }) =>
    ok ? [`  ok       ${finding}.`] : [`  missing  ${finding}. ${remedy}`],
  );
  const ok = checks.every((check) => check.ok);
  const use = camflow
    ? 'This is a CamFlow kernel: its relay files are used.'
    : ok
      ? 'Capture works, by BPF programs.'
      : 'Capture does not work on this machine as it is.';
  return {
    text: [...lines, use, ...(ok ? [...describeNotSeen(), ...describeLoaded()] : [])].join('\n'),
    ok: ok || camflow,
  };
}

function describeNotSeen(): string[] {
  try {
    const hooks = hooksNotSeen();
    if (hooks.length === 0) return [];
    const [find, they] = hooks.length === 1 ? ['finds', 'it'] : ['find', 'they'];
    const programs = formatCounted(hooks.length, 'program');
    return [
      `${programs} ${find} no place in this kernel (${hooks.join(', ')}): what ${they} would see is missing.`,
    ];
  } catch (error) {
    return [`Whether all programs find their place cannot be told: ${describeError(error)}`];
  }
}

function describeLoaded(): string[] {
  try {
    const found = Channel.all().flatMap((channel) => {
      const loaded = lookAtCapture(channel);
      return loaded === undefined ? [] : [{ channel, loaded }];
    });
    const isMainLoaded = found[0]?.channel === Channel.main;
    return [
      ...(isMainLoaded ? [] : ['They are not loaded: the first recorder does that.']),
      ...found.flatMap(({ channel, loaded }) => [
        programsLine(channel, loaded),
        ringsLine(loaded),
        ...countLines(loaded),
      ]),
    ];
  } catch (error) {
    return [`Whether they are loaded cannot be told: ${describeError(error)}`];
  }
}

function programsLine(channel: Channel, { version, own, enabled, recorder }: LoadedCapture): string {
  const whose = own
    ? 'of this version'
    : `of another version: run \`camflow unload${channel.inCommands}\` before recording`;
  const reader = recorder === undefined ? 'no recorder runs' : `the recorder is process ${recorder}`;
  const which = channel.name === undefined ? 'They are' : `Channel ${channel.name} is`;
  return `${which} loaded (${version}, ${whose}); capture is ${enabled ? 'on' : 'off'}; ${reader}.`;
}

function ringsLine({ rings, ringBytes }: LoadedCapture): string {
  return `${formatCounted(rings, 'ring')} of ${formatBytes(ringBytes)}, one for each CPU.`;
}

/** What is lost for each cause, and what it is called. */
const lossWords: readonly (readonly [cause: keyof AccountedLosses, words: (count: number) => string])[] = [
  ['ring_full', (count) => `ring_full ${formatCount(count)}`],
  ['shed', (count) => `shed ${formatCount(count)}`],
  [
    'state_failures',
    (count) => `what happened to objects for want of room for their state, ${formatCounted(count, 'time')}`,
  ],
  [
    'missed',
    (count) =>
      `what happened while a program was running already on that CPU, ${formatCounted(count, 'time')}`,
  ],
];

/** No record is missing by it. */
function contendedLines(count: number): string[] {
  if (count === 0) return [];
  const versions = formatCounted(count, 'version');
  return [
    `${versions} not made: several CPUs kept changing an object, which may look like its own origin there.`,
  ];
}

/** Whether anybody would have received there what was sent, nobody can tell. */
function forgottenLines(count: number): string[] {
  if (count === 0) return [];
  return [
    `Forgotten: who sent last to ${formatCounted(count, 'end')} of connections. What was received there since has no origin.`,
  ];
}

function countLines({ counts, missed = 0, forgottenSenders = 0, accountedLosses }: LoadedCapture): string[] {
  if (counts === undefined) return [];
  const losses = { ...counts, missed };
  const lost = lossWords
    .filter(([cause]) => losses[cause] > 0)
    .map(
      ([cause, words]) =>
        `${words(losses[cause])}, of which ${formatCount(accountedLosses?.[cause] ?? 0)} accounted for by a recorder`,
    );
  return [
    `Since they were loaded: ${formatCounted(counts.taken, 'record')}, ${formatCount(counts.truncated)} with a text cut.`,
    `Lost: ${lost.length > 0 ? lost.join('; ') : 'nothing'}.`,
    ...contendedLines(counts.contended),
    ...forgottenLines(forgottenSenders),
  ];
}
