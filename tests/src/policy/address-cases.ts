import { parseAddressRange } from '@camflow/api';
import { addressKinds, type RuleSelector } from '@camflow/kernel';
import {
  account,
  addRule,
  again,
  both,
  copy,
  localAddresses6,
  otherPort,
  port,
  read,
  write,
} from './case-words.ts';
import type { FlowRun, PolicyCase } from './policy-case.ts';

/** Which of the two processes of a connection a rule is about tells what is there of it. */
export const addressCases: readonly PolicyCase[] = addressKinds.flatMap((kind) => {
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
export const overlapCases: readonly PolicyCase[] = addressKinds.map((kind) => {
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
export const rangeCases: readonly PolicyCase[] = addressKinds.flatMap((kind): PolicyCase[] => {
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
export const acceptCases: readonly PolicyCase[] = (['4', '6'] as const).flatMap((family): PolicyCase[] => {
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
export const earlyCases: readonly PolicyCase[] = (['4', '6'] as const).flatMap((family) => {
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

/** A rule about addresses does not bring the sockets of who is opaque to light. */
export const hiddenCases: readonly PolicyCase[] = (['4', '6'] as const).flatMap((family) =>
  (['ingress', 'egress'] as const).map((direction): PolicyCase => {
    const packet = family === '4' ? 'packet' : 'packet6';
    const range = parseAddressRange(
      family === '4' ? 4 : 6,
      family === '4' ? `127.0.0.1/32:${port}` : `[::1]/128:${port}`,
    );
    const over: FlowRun = { words: ['net', family, 'stream', String(port), 'in', 'out'] };
    // Whose a connection will be is not known before it is accepted: what it brings by then may be there, by itself.
    const seen =
      direction === 'ingress'
        ? [`receive_packet ${packet} > socket`]
        : [`send_packet socket > ${packet}`, `packet_content packet_content in > ${packet}`];
    return {
      name: `ipv${family}-${direction} record, of a user who is opaque`,
      say: both(
        addRule({ kind: `ipv${family}-${direction}`, range }, 'record'),
        addRule({ kind: 'user', id: account }, 'opaque'),
      ),
      matching: [{ ...over, uid: account }],
      others: [over],
      shows: [],
      hides: seen,
      othersShow: seen,
    };
  }),
);

/** What lies between the header of IPv6 and that of UDP is not what the packet carries. */
export const headerCases: readonly PolicyCase[] = [
  {
    name: 'ipv6-egress datagram record, behind other headers',
    say: addRule({ kind: 'ipv6-egress', range: parseAddressRange(6, `[::1]/128:${port}`) }, 'record'),
    matching: [{ words: ['net', '6', 'datagram', String(port), 'in', 'out', 'headers'] }],
    others: [{ words: ['net', '6', 'datagram', String(otherPort), 'in', 'out', 'headers'] }],
    shows: ['packet_content packet_content in > packet6', `a packet6 goes to port ${port} at ::1 by 17`],
  },
];
