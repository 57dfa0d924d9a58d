import { chownSync } from 'node:fs';
import type { RuleAction, RuleSelector } from '@camflow/kernel';
import {
  account,
  addRule,
  again,
  both,
  copy,
  nothing,
  otherAccount,
  profile,
  read,
  waiting,
  write,
} from './case-words.ts';
import type { FlowRun, PolicyCase, PolicyMachine } from './policy-case.ts';

interface IdentityKind {
  readonly name: string;
  readonly selector: RuleSelector | ((machine: PolicyMachine) => RuleSelector);
  readonly inside: Partial<FlowRun>;
  readonly outside: Partial<FlowRun>;
}

const identities: readonly IdentityKind[] = [
  {
    name: 'user',
    selector: { kind: 'user', id: account },
    inside: { uid: account, gid: otherAccount },
    outside: { uid: otherAccount, gid: account },
  },
  {
    name: 'group',
    selector: { kind: 'group', id: account },
    inside: { uid: otherAccount, gid: account },
    outside: { uid: account, gid: otherAccount },
  },
  {
    name: 'cgroup',
    selector: ({ cgroup }) => ({ kind: 'cgroup', id: cgroup }),
    inside: { inCgroup: 'policy' },
    outside: {},
  },
  {
    name: 'cgroup above',
    selector: ({ cgroup }) => ({ kind: 'cgroup', id: cgroup }),
    inside: { inCgroup: 'policy/inner' },
    outside: {},
  },
  {
    name: 'cgroup below',
    selector: ({ innerCgroup }) => ({ kind: 'cgroup', id: innerCgroup }),
    inside: { inCgroup: 'policy/inner' },
    outside: { inCgroup: 'policy' },
  },
  {
    name: 'security context',
    selector: { kind: 'secctx', context: profile },
    inside: { underProfile: profile },
    outside: {},
  },
];

export const identityCases: readonly PolicyCase[] = identities.flatMap(
  ({ name, selector, inside, outside }) => {
    const run = (from: string, to: string, who: Partial<FlowRun>): FlowRun => ({ ...copy(from, to), ...who });
    return [
      {
        name: `${name} track`,
        say: addRule(selector, 'track'),
        matching: [run('in', 'out', inside), run('out', 'final', outside)],
        others: [run('in', 'out', outside)],
        shows: [read, write],
        hides: [again],
      },
      {
        name: `${name} propagate`,
        say: addRule(selector, 'propagate'),
        matching: [run('in', 'out', inside), run('out', 'final', outside)],
        others: [run('in', 'out', outside)],
        shows: [read, write, again],
      },
      {
        name: `${name} opaque`,
        all: true,
        say: addRule(selector, 'opaque'),
        matching: [run('in', 'out', inside)],
        others: [run('in', 'out', outside)],
        shows: [],
        hides: [read, write, 'named path in > file in'],
        othersShow: [read, write],
      },
    ];
  },
);

/** A file is its owner's too, whoever reads it. */
export const ownerCases: readonly PolicyCase[] = (['user', 'group'] as const).map((kind) => ({
  name: `${kind} track, a file of theirs`,
  say: both(addRule({ kind, id: account }, 'track'), ({ folder }) =>
    chownSync(`${folder}/in`, kind === 'user' ? account : 0, kind === 'group' ? account : 0),
  ),
  matching: [copy('in', 'out')],
  others: [copy('in', 'out')],
  shows: [read, 'open file in > task'],
  hides: [write],
}));

/** It is nobody's that a rule is about, until it becomes so. */
export const becomingCases: readonly PolicyCase[] = (['user', 'group'] as const).map((kind) => {
  const become = (id: number): FlowRun => ({ words: ['become', kind, String(id), 'in', 'out'] });
  const call = kind === 'user' ? 'setuid' : 'setgid';
  return {
    name: `${kind} track, of a process that becomes theirs`,
    say: addRule({ kind, id: account }, 'track'),
    matching: [become(account)],
    others: [become(otherAccount)],
    shows: ['clone_mem task > process_memory', `${call} task > process_memory`, read, write],
  };
});

/** A process in a namespace of its own, which a rule is made about once it is there. */
const inNamespace = (action: RuleAction): FlowRun => ({ ...waiting({}), ofNamespace: action });

export const namespaceCases: readonly PolicyCase[] = [
  {
    name: 'cgroup namespace track',
    say: nothing,
    matching: [inNamespace('track'), copy('out', 'final')],
    others: [waiting({})],
    shows: [read, write],
    hides: [again],
  },
  {
    name: 'cgroup namespace propagate',
    say: nothing,
    matching: [inNamespace('propagate'), copy('out', 'final')],
    others: [waiting({})],
    shows: [read, write, again],
  },
  {
    name: 'cgroup namespace opaque',
    all: true,
    say: nothing,
    matching: [inNamespace('opaque')],
    others: [waiting({})],
    shows: [],
    hides: [read, write],
    othersShow: [read, write],
  },
];

/** Everything in the guest is unconfined, and stays what a rule made it: these come last. */
export const contexts: readonly PolicyCase[] = [
  {
    name: 'security context track, of nobody',
    say: addRule({ kind: 'secctx', context: 'nobody' }, 'track'),
    matching: [],
    others: [copy('in', 'out')],
    shows: [],
  },
  {
    name: 'security context track, everybody',
    say: addRule({ kind: 'secctx', context: 'unconfined' }, 'track'),
    matching: [copy('in', 'out')],
    others: [],
    shows: [read, write],
  },
  {
    name: 'security context opaque, everybody',
    all: true,
    say: addRule({ kind: 'secctx', context: 'unconfined' }, 'opaque'),
    matching: [copy('in', 'out')],
    others: [],
    shows: [],
    hides: [read, write],
  },
];
