import type { StepOutcome } from './control-step.ts';
import type { Transcript } from './transcripts.ts';

/** What CamFlow prints where it fails; it mostly ends with 0 all the same. */
const failure = /Could not|^Error |must be set|Excepted|^: |^-h| usage\./m;
/** Commands that CamFlow lets pass in silence although nothing is done. */
const silent: ReadonlySet<string> = new Set(['--track-file', '--opaque-file']);

/** Names of filters that CamFlow never lists: those of long records. */
const neverListed =
  /^((propagate_)?node_filter=)?(string|address|path|xattr|packet_content|argv|envp|machine|disc_\w+)$/;
/** What a machine has of its own: numbers, and the hash, which tells versions apart. */
const ofTheMachine = /^(Policy hash|Identifier|ID|Boot ID|Machine ID|Version): .*$/gm;

/**
 * Holds what a command gave against its transcript.
 * @returns what differs, in words; undefined where nothing does
 */
export function compareTranscript(transcript: Transcript, outcome: StepOutcome): string | undefined {
  const { argv, number, text, asUser } = transcript;
  const [option = ''] = argv;
  const command = `${number} ${argv.join(' ')}`;
  if (failure.test(text) || (asUser && silent.has(option))) {
    const isSentence = /^cam\w+: [^\n]+\n([^\n]+\n)?$/.test(outcome.err);
    return outcome.status !== 0 && isSentence ? undefined : `${command} gave ${JSON.stringify(outcome)}`;
  }
  if (outcome.status !== 0) return `${command} failed: ${outcome.err}`;
  if (option === '-p') return /^[0-9A-F]{64}\n$/.test(outcome.out) ? undefined : `${command}: ${outcome.out}`;
  const [ours, theirs] = [linesOf(outcome.out, option), linesOf(text, option)];
  return ours === theirs ? undefined : `${command} gave\n${ours}\ninstead of\n${theirs}`;
}

/**
 * Lines without what may differ: what belongs to the machine, filters that CamFlow does not list, and the order of lists,
 * which the programs keep by number. Sections that CamFlow does not write are left out as a whole.
 */
function linesOf(text: string, option: string): string {
  const lines = text
    .replace(ofTheMachine, '$1')
    .replace('duplicate=true;', 'duplicate=true')
    .replace(/^\[(cgroup|relay|ipv6-\w+)\]\n[^[]*/gm, '')
    // Of records lost while nobody read them there are others; the type of what is not read yet CamFlow does not know.
    .replace(/^(Graph elements dropped:\s+)\d+$/m, '$1')
    .replace(/^Type: (inode_unknown|link|directory|file)$/m, 'Type')
    .split('\n')
    .filter((line) => !neverListed.test(line) && !/^IPv6 \w+ filter \(0\)\.$/.test(line));
  return (/^-[sc]$/.test(option) ? lines.filter((line) => line !== '').sort() : lines).join('\n').trim();
}
