import type { NodeClass, RecordType, RelationClass } from '@camflow/api';
import {
  type Attribute,
  camflowDate,
  type Dialect,
  type DisclosedAttributes,
  decimal,
  endpoint,
  type FormatTable,
  hex,
  identifier,
  isExpressible,
  isoDate,
  isZero,
  type NodeAttributes,
  nodeAttributes,
  nodeName,
  number,
  string,
  when,
} from '@camflow/format-compiler';
import { address, camflowAddress } from './addresses.ts';
import { label } from './labels.ts';
import { relationSections } from './sections.ts';

/** Classes of relations for which PROV has a time. */
const timed: ReadonlySet<string> = new Set(['used', 'generated']);

const named: ReadonlySet<string> = new Set(['task', 'process', 'inode']);

/**
 * Members keep their keys in CamFlow's dialect. Otherwise every key gets the prefix `cf:` unless it has it, as
 * names without a declared prefix are no PROV names; only `prov:label` is taken over from users.
 */
const disclosed = (dialect: Dialect): DisclosedAttributes => ({
  kind: 'disclosed',
  wholeTextKey: 'cf:content',
  keyOf: (name) =>
    dialect === 'camflow' || name.startsWith('cf:') || name === 'prov:label' ? name : `cf:${name}`,
  renamed: (key) => `cf:disclosed_${key.slice(key.indexOf(':') + 1)}`,
  nested: dialect === 'camflow' ? 'json' : 'string',
  about: 'what the program disclosed; text that is no JSON whole, as `cf:content`',
});

const parent = string('cf:hasParent', 'the task that disclosed it', 'cf:', identifier('parent'));

/** How a PROV-JSON document writes every type of record. The order of attributes is CamFlow's. */
export function w3cTable(dialect: Dialect): FormatTable {
  const camflow = dialect === 'camflow';
  const specific: NodeAttributes = {
    ...nodeAttributes('cf:', dialect),
    packet: [],
    address: [camflow ? camflowAddress : address],
    disclosed: [parent, disclosed(dialect)],
  };
  return (type) => {
    if (!isExpressible(type, dialect)) return undefined;
    return {
      section:
        type.category === 'node'
          ? (type.class as NodeClass)
          : relationSections[type.class as RelationClass].section,
      // The comma before the first entry of a section is left out when the document is put together.
      open: [',"cf:', identifier('identifier'), '":{'],
      attributes:
        type.category === 'relation' ? relation(type, camflow) : node(type, camflow, specific[type.shape]),
      close: '}',
    };
  };
}

/** Parsers of CamFlow's output expect its own form of date. */
const date = string('cf:date', 'when the batch was captured, UTC', camflowDate);
const taint = string('cf:taint', 'taint mask, hexadecimal', hex('taint'));
const jiffies = string('cf:jiffies', 'kernel time, in jiffies', decimal('jiffies'));
const epoch = number('cf:epoch', 'epoch of the recording', decimal('epoch'));
const machine = string('cf:machine_id', 'the machine', 'cf:', decimal('machine_id'));
const boot = number('cf:boot_id', 'boot of the machine', decimal('boot_id'));

function node(type: RecordType, camflow: boolean, specific: readonly Attribute[] | undefined): Attribute[] {
  if (specific === undefined) throw new Error(`no attributes for ${type.name}`);
  if (type.shape === 'packet') return [...packet(camflow), ...label(type, camflow)];
  const name = string('cf:name', 'path that names the node, where one is known', nodeName);
  return [
    string('cf:id', 'number of the object', decimal('id')),
    string('prov:type', 'type of the node', type.name),
    boot,
    machine,
    number('cf:version', 'version of the object', decimal('version')),
    date,
    taint,
    jiffies,
    epoch,
    ...(named.has(type.shape) ? [camflow ? when('nonempty', name) : name] : []),
    ...specific,
    ...label(type, camflow),
  ];
}

/** Packets have neither numbers of their own nor versions: their header fields identify them. */
function packet(camflow: boolean): Attribute[] {
  const id = camflow ? number : string;
  const lengthKey = camflow ? 'cf:len' : 'cf:length';
  return [
    id('cf:id', 'IP identification', decimal('packet_id')),
    number('cf:seq', 'TCP sequence number, else 0', decimal('seq')),
    string('cf:sender', 'address and port of the sender', endpoint('snd_ip', 'snd_port')),
    string('cf:receiver', 'address and port of the receiver', endpoint('rcv_ip', 'rcv_port')),
    string('prov:type', 'type of the node', 'packet'),
    ...(camflow ? [taint, jiffies] : [date, taint, jiffies, epoch]),
    number(lengthKey, 'total length of the IP packet, in bytes', decimal('len')),
  ];
}

function relation(type: RecordType, camflow: boolean): Attribute[] {
  const { sender, receiver } = relationSections[type.class as RelationClass];
  const time = string('prov:time', 'when the batch was captured, ISO 8601', isoDate);
  return [
    string('cf:id', 'number of the relation, increasing over a boot', decimal('id')),
    string('prov:type', 'type of the relation', type.name),
    boot,
    machine,
    date,
    ...(!camflow && timed.has(type.class) ? [time] : []),
    jiffies,
    epoch,
    ...label(type, camflow),
    string('cf:allowed', 'whether the kernel allowed it', isZero('allowed')),
    string(sender, 'node that information came from', 'cf:', identifier('snd')),
    string(receiver, 'node that information went to', 'cf:', identifier('rcv')),
    when({ positive: 'offset', flag: 'set' }, string('cf:offset', 'position in the file', decimal('offset'))),
    // Without 0x, unlike other hexadecimal texts: parsers hash this text.
    string('cf:flags', 'flags of the call, hexadecimal', hex('flags')),
    string('cf:task_id', 'number of the task that acted', decimal('task_id')),
  ];
}
