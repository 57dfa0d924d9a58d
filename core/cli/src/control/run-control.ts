import { CamflowError, isCamflowError, nearestName } from '@camflow/api';
import { Channel, type ControlRequest, type ProvenanceControl } from '@camflow/kernel';
import type { ControlContext, Outcome } from './control-context.ts';
import { coloured } from './generate/help-text.ts';
import { controlOptions, generalOptions, optionNamed } from './option-table.ts';

/** What an option is run with. */
export interface ControlRun extends Omit<ControlContext, 'control' | 'lostBy'> {
  readonly lostBy?: ControlContext['lostBy'];
  /** Opens the control of the kernel; called once the command line is understood, without loading programs at first. */
  readonly open: (request: ControlRequest) => ProvenanceControl;
  /** Whether the output is a terminal that shows colours. */
  readonly colour: boolean;
}

interface CommandLine {
  readonly words: readonly string[];
  readonly json: boolean;
  readonly securityfs: string | undefined;
  /** What is behind `--channel`. */
  readonly channels: readonly string[];
}

/** Whether a command line is about control, and not one of the commands. */
export function isControl(argv: readonly string[]): boolean {
  return argv[0]?.startsWith('-') === true && argv[0] !== '-V' && argv[0] !== '--version';
}

/** Whether a command line asks for help, and how it wants it. */
export function helpAsked(argv: readonly string[]): 'text' | 'json' | undefined {
  const { words, json } = splitGeneral(argv);
  if (words[0] !== '-h' && words[0] !== '--help') return undefined;
  return json ? 'json' : 'text';
}

/** The channel that a command line is about. @throws CamflowError where it is no name of one */
export function channelOf(argv: readonly string[]): Channel {
  return Channel.named(splitGeneral(argv).channels[0]);
}

/** Options about the state of capture as a whole, which is no secret. */
const stateFlags: ReadonlySet<string> = new Set(['-v', '-s', '-c', '-p', '--drop']);

/** Whether a command line asks the running kernel for no more than the state of capture as a whole. */
export function isAboutState(argv: readonly string[]): boolean {
  return argv.some((word) => stateFlags.has(word)) && !argv.includes('--securityfs');
}

/**
 * Runs the one option that a command line holds. All of it is checked before anything is done.
 * @returns what to print
 * @throws CamflowError
 */
export function runControl(argv: readonly string[], run: ControlRun): string {
  const { words, json, securityfs, channels } = splitGeneral(argv);
  if (securityfs === '') throw new CamflowError('USAGE', '--securityfs needs <folder>');
  const [flag, ...args] = words;
  if (flag === undefined) throw new CamflowError('USAGE', 'Say what to do', { hint: 'See camflow -h.' });
  if (argv.at(-1) === '--channel' && flag !== '--channel') {
    throw new CamflowError('USAGE', '--channel needs <channel>');
  }
  const option = optionNamed(flag) ?? unknownOption(flag);
  const act = option.prepare(args);
  const channel = Channel.named(oneOf(channels));
  const makesChannel = flag === '--channel';
  const { accounts, labels, lostBy = new Map() } = run;
  const attempt = (load: boolean): Outcome => {
    const control = run.open({ securityfsFolder: securityfs, channel, load });
    try {
      if (!makesChannel) requireChannel(control, channel);
      return act({ control, accounts, labels, lostBy });
    } finally {
      control.close();
    }
  };
  // One that is only mentioned is not made: it may be a slip.
  const loads = !option.looks && (makesChannel || channel === Channel.main);
  return show(!loads ? attempt(false) : loadingWhereNeeded(attempt), json, run.colour);
}

function oneOf(channels: readonly string[]): string | undefined {
  if (channels.length > 1) throw new CamflowError('USAGE', '--channel takes one channel at a time');
  return channels[0];
}

function requireChannel({ recording }: ProvenanceControl, { name }: Channel): void {
  if (name === undefined || recording.isThere()) return;
  throw new CamflowError('SOURCE_UNAVAILABLE', `There is no channel ${name}`, {
    hint: `See camflow doctor for those that there are; camflow --channel ${name} makes it.`,
  });
}

/**
 * Attempts something with what is there, and anew with the programs where these are missing: all that it names was looked
 * up by then, so that a slip in the command line does not leave programs behind.
 */
function loadingWhereNeeded(attempt: (load: boolean) => Outcome): Outcome {
  try {
    return attempt(false);
  } catch (error) {
    if (!isCamflowError(error) || error.code !== 'SOURCE_UNAVAILABLE') throw error;
    return attempt(true);
  }
}

function show({ text, json }: Outcome, asJson: boolean, colour: boolean): string {
  if (asJson) return `${JSON.stringify(json)}\n`;
  if (text === '') return '';
  // The one remark that CamFlow makes, and makes in red.
  return `${text.startsWith('Only apply') ? coloured(text, 'red', colour) : text}\n`;
}

function splitGeneral(argv: readonly string[]): CommandLine {
  const words: string[] = [];
  const channels: string[] = [];
  let json = false;
  let securityfs: string | undefined;
  for (let at = 0; at < argv.length; at++) {
    if (argv[at] === '--json') json = true;
    else if (argv[at] === '--securityfs') securityfs = argv[++at] ?? '';
    else if (argv[at] === '--channel') channels.push(...argv.slice(++at, at + 1));
    else words.push(argv[at]!);
  }
  // With nothing to say to it, it is to be made.
  const isAlone = words.length === 0 && argv.includes('--channel');
  return { words: isAlone ? ['--channel', ...channels] : words, json, securityfs, channels };
}

function unknownOption(flag: string): never {
  const flags = [...controlOptions.map((option) => option.flag), ...generalOptions.map(([name]) => name)];
  const nearest = nearestName(flag, flags);
  throw new CamflowError('USAGE', `There is no option ${flag.slice(0, 80)}`, {
    hint: nearest === undefined ? 'See camflow -h.' : `Did you mean ${nearest}? See camflow -h.`,
  });
}
