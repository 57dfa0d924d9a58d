import type { ControlStep } from './control-step.ts';

/** An option, and where its effect shows. */
export interface OptionCase {
  readonly argv: readonly string[];
  /** What the option itself says. Default nothing. */
  readonly says?: RegExp;
  readonly look?: ControlStep;
  /** Must be found in what the look gives. */
  readonly shows?: RegExp;
  readonly hides?: RegExp;
  /** Whether it cannot be done. Default false. */
  readonly fails?: boolean;
}

const state: ControlStep = { camflow: ['-s'] };
const configuration: ControlStep = { camflow: ['-c'] };
const file = '/data/f2';
const fileState: ControlStep = { camflow: ['--file', file] };
const processState: ControlStep = { camflow: ['--process', '@A'] };
const notice = /^Only apply to newly created connection\.$/m;

const switchCase = (flag: string, on: boolean, look: ControlStep, shows: RegExp): OptionCase => ({
  argv: [flag, String(on)],
  look,
  shows,
});

/** What is said of a file and of a process, with the options of both. */
function markCases(what: 'file' | 'process', target: string, look: ControlStep): OptionCase[] {
  const title = what === 'file' ? 'File' : 'Process';
  const line = (text: string): RegExp => new RegExp(`^${title} ${text}\\.$`, 'm');
  const said = (option: string, word: string, shows: RegExp): OptionCase => ({
    argv: [`--${option}-${what}`, target, word],
    look,
    shows,
  });
  return [
    said('track', 'true', line('is tracked')),
    said('track', 'propagate', line('propagates tracking')),
    said('track', 'true', line('propagates tracking')),
    said('track', 'false', line('is not tracked')),
    said('opaque', 'true', line('is opaque')),
    said('opaque', 'false', line('is not opaque')),
    said('taint', '40', /^Taint: 10000000000$/m),
    said('label', `secret of a ${what}`, new RegExp(`^Labels: (.*, )?secret of a ${what}$`, 'm')),
    { argv: [`--${what}`, target], says: /^Identifier: [A-Za-z0-9+/]{43}=$/m },
  ];
}

const ruleCase = (flag: string, subject: string, verb: string, shows: RegExp): OptionCase[] => [
  {
    argv: [flag, subject, verb],
    look: state,
    shows,
    ...(flag.includes('-ip') && { says: notice }),
  },
  {
    argv: [flag, subject, 'delete'],
    look: state,
    hides: shows,
    ...(flag.includes('-ip') && { says: notice }),
  },
];

const filterCase = (flag: string, type: string, title: string): OptionCase[] => [
  {
    argv: [flag, type, 'true'],
    look: state,
    shows: new RegExp(`^${title} filter \\([0-9a-f]+\\):\\n(\\w+\\n)*${type}$`, 'm'),
  },
  { argv: [flag, type, 'false'], look: state, hides: new RegExp(`^${type}$`, 'm') },
];

/** Every option of `camflow` that controls capture. */
export const optionCases: readonly OptionCase[] = [
  { argv: ['-v'], says: /^CamFlow v0\.9\.0\nbpf-[0-9a-f]{16}\n\ncamflow \d/ },
  switchCase('-e', true, state, /^- capture enabled;$/m),
  switchCase('-a', true, state, /^- all enabled;$/m),
  switchCase('-a', false, state, /^- all disabled;$/m),
  switchCase('--enable-version', false, configuration, /^version=false$/m),
  switchCase('--enable-version', true, configuration, /^version=true$/m),
  switchCase('--compress-node', false, state, /^- node compression disabled;$/m),
  switchCase('--compress-node', true, state, /^- node compression enabled;$/m),
  switchCase('--compress-edge', false, state, /^- edge compression disabled;$/m),
  switchCase('--compress-edge', true, state, /^- edge compression enabled;$/m),
  switchCase('--duplicate', true, state, /^- duplication enabled;$/m),
  switchCase('--duplicate', false, state, /^- duplication disabled;$/m),
  ...markCases('file', file, fileState),
  ...markCases('process', '@A', processState),
  ...ruleCase('--track-ipv4-ingress', '127.0.0.1/32:5002', 'record', /^127\.0\.0\.1\/32:5002 track record$/m),
  ...ruleCase('--track-ipv4-egress', '10.1.2.3/8:80', 'propagate', /^10\.0\.0\.0\/8:80 propagate$/m),
  ...ruleCase('--track-ipv6-ingress', '[::1]/128:80', 'track', /^::1\/128:80 track$/m),
  ...ruleCase('--track-ipv6-egress', '[2001:db8::1]/32:443', 'record', /^2001:db8::\/32:443 track record$/m),
  // Said again: besides what was said of addresses, in place of what was said of anybody.
  { argv: ['--track-ipv4-egress', '10.1.2.3/8:80', 'track'], says: notice },
  ...ruleCase('--track-ipv4-egress', '10.0.0.0/8:80', 'record', /^10\.0\.0\.0\/8:80 track record$/m),
  { argv: ['--track-user', 'nobody', 'propagate'] },
  ...ruleCase('--track-user', 'nobody', 'track', /^nobody track$/m),
  { argv: ['--track-secctx', 'never_met', 'track'] },
  ...ruleCase('--track-secctx', 'never_met', 'opaque', /^never_met opaque$/m),
  ...ruleCase('--track-cgroup', '4026531900', 'track', /^4026531900 track$/m),
  ...ruleCase('--track-user', 'nobody', 'opaque', /^nobody opaque$/m),
  ...ruleCase('--track-group', 'nogroup', 'propagate', /^nogroup propagate$/m),
  ...filterCase('--node-filter', 'link', 'Node'),
  ...filterCase('--edge-filter', 'read', 'Used'),
  ...filterCase('--node-propagate-filter', 'argv', 'Propagate node'),
  ...filterCase('--edge-propagate-filter', 'write', 'Propagate generated'),
  { argv: ['--edge-filter', 'version_activity', 'true'] },
  { argv: ['--reset-filter'], look: state, hides: /^version_activity$/m },
  { argv: ['-p'], says: /^[0-9A-F]{64}$/m },
  { argv: ['-s'], says: /^Machine id: 1234567$/m },
  { argv: ['-c'], says: /^;Auto-generated configuration$/m },
  { argv: ['--drop'], says: /^Graph elements dropped: \t\t\d+$/m },
  { argv: ['--change-epoch'], look: { ask: 'epoch' }, shows: /^\d+$/ },
  // A channel has a policy of its own.
  { argv: ['--channel', 'other', '-s'], fails: true },
  {
    argv: ['--channel', 'other'],
    look: { camflow: ['--channel', 'other', '-s'] },
    shows: /^- capture disabled;$/m,
    hides: /^127\.0\.0\.1/m,
  },
  {
    argv: ['--track-user', 'daemon', 'track', '--channel', 'other'],
    look: { camflow: ['-s'] },
    hides: /^daemon track$/m,
  },
  { argv: ['--channel', 'other', '-s'], says: /^daemon track$/m },
  { argv: ['unload', '--channel', 'other'], says: /^Channel other is removed\.$/m },
  { argv: ['-e', 'false'], look: state, shows: /^- capture disabled;$/m },
];

/** The steps of a case, one or two: objects of their own, as several cases look at the same. */
export function stepsOf({ argv, look }: OptionCase): ControlStep[] {
  return [{ camflow: argv }, ...(look === undefined ? [] : [{ ...look }])];
}
