import { type AddressRange, parseAddressRange, type RecordType, recordTypes } from '@camflow/api';
import { filterOf, findCgroup, isChannelName } from '@camflow/kernel';
import { oneOfWords, type Parameter, refused, wholeNumber } from './parameter.ts';

const mostPid = 4_194_304;
const mostPathBytes = 4095;

const booleanWords = oneOfWords('bool', '`true` or `false`', ['true', 'false'], 'a boolean');

/** `true` or `false`, and nothing else. */
export const boolean: Parameter<boolean> = {
  ...booleanWords,
  parse: (text) => booleanWords.parse(text) === 'true',
};

/** A path; links are followed. */
export const file: Parameter<string> = {
  name: 'filename',
  about: 'a file or folder; symbolic links are followed',
  completion: { kind: 'files' },
  parse: (text) => {
    if (text === '') throw refused(text, 'a path', 'Name a file.');
    if (text.includes('\0') || Buffer.byteLength(text) > mostPathBytes) {
      throw refused(text, 'a path', `A path has up to ${mostPathBytes} bytes, none of them NUL.`);
    }
    return text;
  },
};

/** The number of a process. */
export const pid: Parameter<number> = wholeNumber('pid', 'the number of a process', [1, mostPid], {
  kind: 'processes',
});

/** A taint bit. */
export const taintBit: Parameter<bigint> = {
  ...wholeNumber('int [0-63]', 'a bit, 0 to 63', [0, 63]),
  parse: (text) => 1n << BigInt(wholeNumber('', '', [0, 63]).parse(text)),
};

/** A label, which names a taint bit. */
export const label: Parameter<string> = {
  name: 'label',
  about: 'any text: each is given a taint bit of its own, up to 64',
  completion: { kind: 'nothing' },
  parse: (text) => text,
};

/** How a file or process is tracked. */
export const tracking: Parameter<'false' | 'true' | 'propagate'> = oneOfWords(
  'false/true/propagate',
  '`false`, `true`, or `propagate` to track whatever its data reaches too',
  ['false', 'true', 'propagate'],
  'a way to track',
);

/** What a rule says: one of these words, or that there is none any more. */
function verb<Word extends string>(about: string, words: readonly Word[]): Parameter<Word | 'delete'> {
  const all = [...words, 'delete'] as const;
  return oneOfWords(all.join('/'), about, all, 'something to do');
}

/** What a rule about identities says. */
export const identityVerb: Parameter<'track' | 'propagate' | 'opaque' | 'delete'> = verb(
  'what to do with its processes, in place of what was said before',
  ['track', 'propagate', 'opaque'],
);

/** What a rule about cgroups says. */
export const cgroupVerb: Parameter<'track' | 'propagate' | 'delete'> = verb(
  'what to do with its processes, in place of what was said before',
  ['track', 'propagate'],
);

/** What a rule about addresses says. */
export const addressVerb: Parameter<'track' | 'propagate' | 'record' | 'delete'> = verb(
  'what to do with its sockets, besides what was said before; `record` keeps the content of packets',
  ['track', 'propagate', 'record'],
);

/** Addresses and a port. */
export function addressRange(family: 4 | 6): Parameter<AddressRange> {
  return {
    name: family === 4 ? 'ip/mask:port' : '[ip]/mask:port',
    about: `IPv${family} addresses by their leading bits, and a port; port 0 stands for all. Of ranges that overlap the most specific holds, on CamFlow 0.9 the one that was made first`,
    completion: { kind: 'nothing' },
    parse: (text) => parseAddressRange(family, text),
  };
}

/** The name of a user or group; looked up when the option runs. */
export function accountName(kind: 'user' | 'group'): Parameter<string> {
  return {
    name: `${kind} name`,
    about: `a ${kind} of this machine`,
    completion: { kind: kind === 'user' ? 'users' : 'groups' },
    parse: (text) => text,
  };
}

/** A security context. */
export const securityContext: Parameter<string> = {
  name: 'security context',
  about: 'as the security module of the kernel writes it; the BPF programs know those of AppArmor',
  completion: { kind: 'nothing' },
  parse: (text) => {
    if (text !== '' && !text.includes('\0') && !text.includes('\n')) return text;
    throw refused(text, 'a security context', 'Give it as `ls -Z` or `ps -Z` show it.');
  },
};

/** A cgroup, by number or by path. */
export const cgroup: Parameter<bigint> = {
  name: 'cgroup ino',
  about:
    'a cgroup, with those below it, by its folder; or a cgroup namespace, which is all that CamFlow 0.9 knows, by /proc/PID/ns/cgroup; or the inode of either',
  completion: { kind: 'files' },
  parse: (text) => {
    if (/^(0x[0-9a-f]{1,16}|\d{1,19})$/i.test(text) && BigInt(text) > 0n) return BigInt(text);
    if (!text.startsWith('/')) {
      throw refused(text, 'a cgroup', 'Give the path of its folder, or a whole number.');
    }
    return findCgroup(text);
  },
};

const propagating = { false: 'is not recorded', true: 'tracking does not spread to' };

/** Types of nodes that may be filtered. CamFlow never let `string` be named. */
export const nodeTypes: readonly RecordType[] = recordTypes.filter(
  (type) => type.category === 'node' && type.name !== 'string',
);

/** Types of relations that may be filtered: those whose class has a filter. */
export const relationTypes: readonly RecordType[] = recordTypes.filter(
  (type) => type.category === 'relation' && filterOf(type, false) !== undefined,
);

/** The name of a type. */
export function typeName(category: 'node' | 'relation', propagate: boolean): Parameter<RecordType> {
  const types = category === 'node' ? nodeTypes : relationTypes;
  const names = types.map(({ name }) => name);
  const what = category === 'node' ? 'a node type' : 'a relation type that can be filtered';
  const about = `a type of ${category} that ${propagate ? propagating.true : propagating.false}`;
  const words = oneOfWords('type', about, names, what);
  return { ...words, parse: (text) => types[names.indexOf(words.parse(text))]! };
}

/** The name of a channel. */
export const channelName: Parameter<string> = {
  name: 'channel',
  about: 'letters, digits, `_` and `-`',
  completion: { kind: 'nothing' },
  parse: (text) => {
    if (isChannelName(text)) return text;
    throw refused(text, 'the name of a channel', 'Take up to 32 letters, digits, _ and -.');
  },
};
