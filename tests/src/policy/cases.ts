import { chownSync } from 'node:fs';
import { parseAddressRange, recordTypes } from '@camflow/api';
import {
  actionBits,
  addressKinds,
  filterBits,
  filterOf,
  type MarkChange,
  markBits,
  type RuleAction,
  type RuleSelector,
} from '@camflow/kernel';
import type { FlowRun, PolicyCase, PolicyMachine } from './policy-case.ts';

const copy = (from: string, to: string): FlowRun => ({ words: ['copy', from, to] });
const read = 'read file in > task';
const write = 'write task > file out';
const again = 'write task > file final';
const named = 'named path flows > process_memory';
const copyBoth: readonly FlowRun[] = [copy('in', 'out'), copy('out', 'final')];
/** The user, group and port that rules are about, and others. */
const [account, otherAccount] = [1234, 1235];
/** AppArmor's profile that allows everything, loaded for these cases. */
export const profile = 'camflow_tests';
/** Addresses that the guest is given, which only the fifth word tells apart. */
export const localAddresses6 = ['fd00:1:2:3:f012::1', 'fd00:1:2:3:e012::1'] as const;
const [port, otherPort] = [5101, 5102];

const markFile =
  (name: string, change: MarkChange) =>
  ({ control, folder }: PolicyMachine): void =>
    control.files.mark(`${folder}/${name}`, change);

const addRule =
  (selector: RuleSelector | ((machine: PolicyMachine) => RuleSelector), action: RuleAction) =>
  (machine: PolicyMachine): void => {
    const chosen = typeof selector === 'function' ? selector(machine) : selector;
    machine.control.rules.add({ selector: chosen, bits: actionBits[action] });
  };

/** Puts types into filters, by name. */
const addFilters =
  (names: readonly string[], propagate: boolean) =>
  ({ control }: PolicyMachine): void => {
    for (const type of recordTypes.filter(({ name }) => names.includes(name)))
      control.filters.change(filterOf(type, propagate)!, filterBits(type), 'add');
  };

const both =
  (...steps: readonly ((machine: PolicyMachine) => void)[]) =>
  (machine: PolicyMachine): void => {
    for (const step of steps) step(machine);
  };

const nothing = (): void => {};
const propagating: MarkChange = { tracked: true, propagate: true };

/** What a shell does beside running a program. */
const ofShell = ['read file other > task', 'write task > file own', 'named path own > file own'] as const;

const files: readonly PolicyCase[] = [
  {
    name: 'file track',
    say: markFile('in', { tracked: true }),
    matching: [copy('in', 'out')],
    others: [copy('other', 'out')],
    shows: [read, 'open file in > task'],
    hides: [write],
  },
  {
    name: 'file track, what needs no look inside',
    say: markFile('in', { tracked: true }),
    matching: [{ words: ['handle', 'in', 'out'] }],
    others: [{ words: ['handle', 'other', 'out'] }],
    shows: [
      ...['file_lock', 'write_ioctl', 'link', 'rename', 'unlink'].map((type) => `${type} task > file third`),
      ...['read_ioctl', 'listxattr'].map((type) => `${type} file third > task`),
      'copy_file_range file third > file out',
      ...['setattr task > iattr', 'setattr_inode iattr > file third'],
      ...['setxattr', 'removexattr'].flatMap((type) => [
        `${type} task > xattr trusted.colour`,
        `${type}_inode xattr trusted.colour > file third`,
      ]),
      'getxattr_inode file third > xattr trusted.colour',
      'getxattr xattr trusted.colour > task',
      'named path flows > process_memory',
      'named path second > file third',
    ],
  },
  {
    name: 'file track, and who changes its attributes',
    say: markFile('in', { tracked: true }),
    matching: [{ words: ['seal', 'in'] }],
    others: [{ words: ['seal', 'other'] }],
    shows: ['setattr task > iattr', 'setattr_inode iattr > file in', named],
  },
  {
    name: 'file track, and who changes its extended attributes',
    say: markFile('in', { tracked: true }),
    matching: [{ words: ['paint', 'in'] }],
    others: [{ words: ['paint', 'other'] }],
    shows: ['setxattr task > xattr trusted.colour', 'setxattr_inode xattr trusted.colour > file in', named],
  },
  {
    name: 'file track, and who reads its extended attributes',
    say: both(({ paint }) => paint('in'), markFile('in', { tracked: true })),
    matching: [{ words: ['regard', 'in', 'out'] }],
    others: [copy('other', 'out')],
    shows: ['getxattr_inode file in > xattr trusted.colour', 'getxattr xattr trusted.colour > task', named],
    hides: [write],
  },
  {
    name: 'file propagate, through an extended attribute',
    say: both(({ paint }) => paint('in'), markFile('in', propagating)),
    matching: [{ words: ['regard', 'in', 'out'] }, copy('out', 'final')],
    others: [copy('other', 'out'), copy('out', 'final')],
    shows: [
      'getxattr_inode file in > xattr trusted.colour',
      'getxattr xattr trusted.colour > task',
      named,
      write,
      again,
    ],
  },
  {
    name: 'file propagate',
    say: markFile('in', propagating),
    matching: copyBoth,
    others: [copy('other', 'out'), copy('out', 'final')],
    shows: [read, write, again, 'final is tracked propagate 0x0'],
    asks: ['final'],
  },
  {
    name: 'file opaque',
    all: true,
    say: markFile('in', { opaque: true }),
    matching: [copy('in', 'out')],
    others: [copy('other', 'out')],
    shows: [write],
    hides: [read, 'open file in > task', 'perm_check file in > task', 'named path in > file in'],
    othersShow: ['read file other > task', write],
  },
  {
    name: 'file opaque, a program, its child and what it becomes',
    all: true,
    say: ({ control }) => control.files.mark('/bin/dash', { opaque: true }),
    matching: [{ ...copy('in', 'out'), byShell: '/bin/dash' }],
    others: [{ ...copy('in', 'out'), byShell: '/bin/bash' }],
    shows: [read, write, again, 'named path in > file in'],
    hides: [...ofShell],
    othersShow: [read, write, again, ...ofShell],
  },
  {
    name: 'file taint',
    say: markFile('in', { ...propagating, taint: 0x20n }),
    matching: copyBoth,
    others: [copy('other', 'out')],
    shows: ['final is tracked propagate 0x20'],
    asks: ['final'],
  },
];

const waiting = (mark: MarkChange): FlowRun => ({ words: ['wait', 'in', 'out'], mark });

const processes: readonly PolicyCase[] = [
  {
    name: 'process track',
    say: nothing,
    matching: [waiting({ tracked: true }), copy('out', 'final')],
    others: [waiting({})],
    shows: [read, write],
    hides: [again],
  },
  {
    name: 'process track, and whoever sends it a signal',
    say: nothing,
    matching: [{ ...waiting({ tracked: true }), signalled: true }],
    others: [waiting({})],
    shows: ['signal task > task', 'named path sender > process_memory'],
  },
  {
    name: 'process propagate',
    say: nothing,
    matching: [waiting(propagating), copy('out', 'final')],
    others: [waiting({})],
    shows: [read, write, again],
  },
  {
    name: 'process opaque',
    all: true,
    say: nothing,
    matching: [waiting({ opaque: true })],
    others: [waiting({})],
    shows: [],
    hides: [read, write, 'named path in > file in', 'named path out > file out'],
    othersShow: [read, write, 'named path in > file in', 'named path out > file out'],
  },
  {
    name: 'process track, a signal to it',
    say: nothing,
    matching: [{ ...waiting({ tracked: true }), signalled: true }],
    others: [{ ...waiting({}), signalled: true }],
    shows: ['signal task > task'],
  },
  {
    name: 'process taint',
    say: nothing,
    matching: [waiting({ ...propagating, taint: 0x40n })],
    others: [waiting({})],
    shows: [write, 'out is tracked propagate 0x40'],
    asks: ['out'],
  },
];

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

const identityCases: readonly PolicyCase[] = identities.flatMap(({ name, selector, inside, outside }) => {
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
});

/** A file is its owner's too, whoever reads it. */
const ownerCases: readonly PolicyCase[] = (['user', 'group'] as const).map((kind) => ({
  name: `${kind} track, a file of theirs`,
  say: both(addRule({ kind, id: account }, 'track'), ({ folder }) =>
    chownSync(`${folder}/in`, kind === 'user' ? account : 0, kind === 'group' ? account : 0),
  ),
  matching: [copy('in', 'out')],
  others: [copy('in', 'out')],
  shows: [read, 'open file in > task'],
  hides: [write],
}));

/** A process in a namespace of its own, which a rule is made about once it is there. */
const inNamespace = (action: RuleAction): FlowRun => ({ ...waiting({}), ofNamespace: action });

const namespaceCases: readonly PolicyCase[] = [
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
const contexts: readonly PolicyCase[] = [
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

/** Which of the two processes of a connection a rule is about tells what is there of it. */
const addressCases: readonly PolicyCase[] = addressKinds.flatMap((kind) => {
  const family = kind.startsWith('ipv4') ? '4' : '6';
  const ingress = kind.endsWith('ingress');
  const range =
    family === '4' ? parseAddressRange(4, `127.0.0.1/32:${port}`) : parseAddressRange(6, `[::1]/128:${port}`);
  const selector: RuleSelector = { kind, range };
  const packet = family === '4' ? 'packet' : 'packet6';
  return ['stream', 'datagram'].flatMap((type): PolicyCase[] => {
    const over = (at: number): FlowRun => ({ words: ['net', family, type, String(at), 'in', 'out'] });
    const sent = 'send_msg task > socket';
    const received = 'receive_msg socket > task';
    const entered = ingress ? 'bind task > socket' : type === 'stream' ? 'connect task > socket' : sent;
    return [
      {
        name: `${kind} ${type} track`,
        say: addRule(selector, 'track'),
        matching: [over(port)],
        others: [over(otherPort)],
        shows: [entered, ...(ingress ? [received, write] : [sent])],
        hides: [
          // What binds is the parent of what connects, and so tracks it as well.
          ...(ingress ? [] : ['bind task > socket', write]),
          `send_packet socket > ${packet}`,
          `receive_packet ${packet} > socket`,
        ],
      },
      {
        name: `${kind} ${type} propagate`,
        say: addRule(selector, 'propagate'),
        matching: [over(port), copy('out', 'final')],
        others: [over(otherPort), copy('out', 'final')],
        shows: [entered, received, write, again],
      },
      {
        name: `${kind} ${type} opaque`,
        all: true,
        say: addRule(selector, 'opaque'),
        matching: [over(port)],
        others: [over(otherPort)],
        shows: ingress ? [] : [write],
        hides: ingress ? ['bind task > socket', received, write] : [entered, sent],
        othersShow: ['bind task > socket', sent, received, read, write],
      },
      {
        name: `${kind} ${type} record`,
        say: addRule(selector, 'record'),
        matching: [over(port)],
        others: [over(otherPort)],
        shows: [
          entered,
          ingress ? `receive_packet ${packet} > socket` : `send_packet socket > ${packet}`,
          `packet_content packet_content in > ${packet}`,
          `a ${packet} goes to port ${port} at ${family === '4' ? '127.0.0.1' : '::1'} by ${type === 'stream' ? 6 : 17}`,
        ],
      },
    ];
  });
});

/** The wider rule is made first, and must not hold where the narrower one does. */
const overlapCases: readonly PolicyCase[] = addressKinds.map((kind) => {
  const family = kind.startsWith('ipv4') ? '4' : '6';
  const entered = kind.endsWith('ingress') ? 'bind task > socket' : 'connect task > socket';
  const [wide, narrow] = (
    family === '4'
      ? [parseAddressRange(4, `0.0.0.0/0:${port}`), parseAddressRange(4, `127.0.0.1/32:${port}`)]
      : [parseAddressRange(6, `[::]/0:${port}`), parseAddressRange(6, `[::1]/128:${port}`)]
  ).map((range): RuleSelector => ({ kind, range })) as [RuleSelector, RuleSelector];
  const over = (at: number): FlowRun => ({ words: ['net', family, 'stream', String(at), 'in', 'out'] });
  return {
    name: `${kind} track within addresses that are opaque`,
    say: (machine) => {
      addRule(wide, 'opaque')(machine);
      addRule(narrow, 'track')(machine);
    },
    matching: [over(port)],
    others: [over(otherPort)],
    shows: [entered],
  };
});

/** Prefixes that end within a byte of an address, and rules about every port. */
const rangeCases: readonly PolicyCase[] = addressKinds.flatMap((kind): PolicyCase[] => {
  const family = kind.startsWith('ipv4') ? '4' : '6';
  const entered = kind.endsWith('ingress') ? 'bind task > socket' : 'connect task > socket';
  const [inside, outside] = family === '4' ? (['127.0.5.1', '127.0.8.1'] as const) : localAddresses6;
  const range = (text: string): RuleSelector => ({
    kind,
    range: parseAddressRange(family === '4' ? 4 : 6, text),
  });
  const over = (address: string, at: number): FlowRun => ({
    words: ['net', family, 'stream', String(at), 'in', 'out', address],
  });
  return [
    {
      name: `${kind} track, by a prefix`,
      say: addRule(
        range(family === '4' ? `127.0.4.0/22:${port}` : `[fd00:1:2:3:f000::]/68:${port}`),
        'track',
      ),
      matching: [over(inside, port)],
      others: [over(outside, port), over(inside, otherPort)],
      shows: [entered],
    },
    {
      name: `${kind} track, on any port`,
      say: addRule(range(family === '4' ? `${inside}/32:0` : `[${inside}]/128:0`), 'track'),
      matching: [over(inside, otherPort)],
      others: [over(outside, otherPort)],
      shows: [entered],
    },
  ];
});

/** The server listens at any address: only the connection tells at which it was reached. */
const acceptCases: readonly PolicyCase[] = (['4', '6'] as const).flatMap((family): PolicyCase[] => {
  const selector: RuleSelector =
    family === '4'
      ? { kind: 'ipv4-ingress', range: parseAddressRange(4, `127.0.0.1/32:${port}`) }
      : { kind: 'ipv6-ingress', range: parseAddressRange(6, `[::1]/128:${port}`) };
  const over = (at: number): FlowRun => ({
    words: ['net', family, 'stream', String(at), 'in', 'out', 'any'],
  });
  const before = ['bind task > socket', 'listen task > socket'];
  const after = ['accept socket > task', 'receive_msg socket > task', write];
  const say = addRule(selector, 'track');
  const common = { matching: [over(port)], others: [over(otherPort)] };
  return [
    { name: `${selector.kind} of a connection track`, say, ...common, shows: after, hides: before },
    {
      name: `${selector.kind} of a connection opaque`,
      all: true,
      say: addRule(selector, 'opaque'),
      ...common,
      shows: before,
      hides: after,
      othersShow: [...before, ...after],
    },
  ];
});

/** All that is sent is there before the connection is accepted. The rule is about the listener's address, or about any. */
const earlyCases: readonly PolicyCase[] = (['4', '6'] as const).flatMap((family) => {
  const packet = family === '4' ? 'packet' : 'packet6';
  const range = parseAddressRange(
    family === '4' ? 4 : 6,
    family === '4' ? `0.0.0.0/0:${port}` : `[::]/0:${port}`,
  );
  const over = (at: number): FlowRun => ({
    words: ['net', family, 'stream', String(at), 'in', 'out', 'early'],
  });
  return [
    {
      name: `ipv${family}-ingress of a connection that waits record`,
      say: addRule({ kind: `ipv${family}-ingress`, range }, 'record'),
      matching: [over(port)],
      others: [over(otherPort)],
      shows: [
        `receive_packet ${packet} > socket`,
        `packet_content packet_content in > ${packet}`,
        `send_packet socket > ${packet}`,
      ],
    },
    {
      name: `ipv${family}-ingress of a connection that waits and is opaque record`,
      all: true,
      say: both(
        addRule({ kind: `ipv${family}-ingress`, range }, 'record'),
        addRule({ kind: `ipv${family}-ingress`, range }, 'opaque'),
      ),
      matching: [over(port)],
      others: [over(otherPort)],
      shows: [],
      hides: [`receive_packet ${packet} > socket`, `packet_content packet_content in > ${packet}`],
      othersShow: ['accept socket > task'],
    },
  ] satisfies PolicyCase[];
});

/** What lies between the header of IPv6 and that of UDP is not what the packet carries. */
const headerCases: readonly PolicyCase[] = [
  {
    name: 'ipv6-egress datagram record, behind other headers',
    say: addRule({ kind: 'ipv6-egress', range: parseAddressRange(6, `[::1]/128:${port}`) }, 'record'),
    matching: [{ words: ['net', '6', 'datagram', String(port), 'in', 'out', 'headers'] }],
    others: [{ words: ['net', '6', 'datagram', String(otherPort), 'in', 'out', 'headers'] }],
    shows: ['packet_content packet_content in > packet6', `a packet6 goes to port ${port} at ::1 by 17`],
  },
];

const ways = [
  ...['file', 'pipe', 'socket', 'mapping', 'segment', 'attachment', 'message', 'queue'],
  ...['xattr', 'fork', 'exec'],
] as const;

/** The process had it mapped when nothing was said about it yet. */
const mappedCases: readonly PolicyCase[] = (['path', 'key'] as const).map((by) => ({
  name: `file propagate, said by ${by} while it is mapped`,
  say: nothing,
  matching: [
    { words: ['mapped', 'in', 'out'], said: { by, flags: markBits.tracked | markBits.propagate } },
    copy('out', 'final'),
  ],
  others: [{ words: ['mapped', 'in', 'out'] }, copy('out', 'final')],
  shows: ['sh_read file in > process_memory', write, again],
}));

const propagation: readonly PolicyCase[] = [
  ...ways.map((way) => ({
    name: `propagation through: ${way}`,
    say: markFile('in', propagating),
    matching: [{ words: ['through', way, 'in', 'out'] }, copy('out', 'final')],
    others: [{ words: ['through', way, 'other', 'out'] }, copy('out', 'final')],
    shows: [read, write, again],
  })),
  ...['4', '6'].flatMap((family) =>
    ['stream', 'datagram'].map((type) => ({
      name: `propagation through: ${type} of IPv${family}`,
      say: markFile('in', propagating),
      matching: [{ words: ['net', family, type, String(port), 'in', 'out'] }, copy('out', 'final')],
      others: [{ words: ['net', family, type, String(port), 'other', 'out'] }, copy('out', 'final')],
      shows: [read, write, again],
    })),
  ),
];

const usedRelations = recordTypes
  .filter(({ category, class: kind }) => category === 'relation' && kind === 'used')
  .map(({ name }) => name);

const filters: readonly PolicyCase[] = [
  {
    name: 'node filter',
    say: both(markFile('in', propagating), addFilters(['process_memory'], false)),
    matching: [copy('in', 'out')],
    others: [copy('other', 'out')],
    shows: [read, write],
    hides: ['memory_write task > process_memory', 'memory_read process_memory > task'],
  },
  {
    name: 'relation filter',
    say: both(markFile('in', propagating), addFilters(['open', 'perm_check', 'memory_write'], false)),
    matching: [copy('in', 'out')],
    others: [copy('other', 'out')],
    shows: [read, write],
    hides: ['open file in > task', 'perm_check file in > task', 'memory_write task > process_memory'],
  },
  {
    name: 'propagation filter of relations, away from the file',
    say: both(markFile('in', propagating), addFilters(usedRelations, true)),
    matching: copyBoth,
    others: [copy('other', 'out')],
    shows: [read],
    hides: [write, again],
  },
  {
    name: 'propagation filter of relations, into the file',
    say: both(
      markFile('in', propagating),
      addFilters(['write', 'inode_create', 'setattr_inode', 'version_entity'], true),
    ),
    matching: copyBoth,
    others: [copy('other', 'out')],
    shows: [read, write],
    hides: [again],
  },
  {
    name: 'propagation filter of relations, into a child',
    say: both(markFile('in', propagating), addFilters(['clone', 'clone_mem'], true)),
    matching: [{ words: ['through', 'fork', 'in', 'out'] }, copy('out', 'final')],
    others: [{ words: ['through', 'fork', 'other', 'out'] }],
    // The child is seen, as it is its parent's; what it makes is not.
    shows: [read, write],
    hides: [again],
  },
  {
    name: 'propagation filter of nodes',
    say: both(markFile('in', propagating), addFilters(['task', 'process_memory'], true)),
    matching: copyBoth,
    others: [copy('other', 'out')],
    shows: [read],
    hides: [write, again],
  },
];

const memory: readonly PolicyCase[] = [
  {
    name: 'a file that left memory',
    say: markFile('in', { tracked: true, taint: 0x80n }),
    matching: [copy('in', 'out'), { ...copy('in', 'final'), afterDropCaches: true }],
    others: [copy('other', 'out')],
    // Another object: the inode was not in memory when it was read again.
    shows: [read, 'in was 2 objects', 'in is tracked 0x80'],
    asks: ['in'],
  },
  {
    name: 'flags of files loaded again, the file in memory',
    say: both(markFile('in', { tracked: true, taint: 0x80n }), ({ reloadFileFlags }) => reloadFileFlags()),
    matching: [copy('in', 'out')],
    others: [copy('other', 'out')],
    shows: [read, 'in is tracked 0x80'],
    asks: ['in'],
  },
  {
    name: 'a security context that a task enters',
    all: true,
    say: ({ makeContext }) => makeContext(),
    matching: [{ words: ['confine', 'in', 'out'] }],
    others: [copy('in', 'out')],
    shows: [write, 'a task is in 2 security contexts'],
    othersShow: ['a task is in 1 security context'],
  },
  {
    name: 'namespaces that a task enters',
    all: true,
    say: nothing,
    matching: [{ words: ['unshare', 'out'] }],
    others: [],
    shows: [write],
  },
];

/** Every case, in the order in which they run. */
export const cases: readonly PolicyCase[] = [
  ...files,
  ...processes,
  ...identityCases,
  ...ownerCases,
  ...namespaceCases,
  ...addressCases,
  ...overlapCases,
  ...rangeCases,
  ...acceptCases,
  ...earlyCases,
  ...headerCases,
  ...propagation,
  ...mappedCases,
  ...filters,
  ...memory,
  ...contexts,
];
