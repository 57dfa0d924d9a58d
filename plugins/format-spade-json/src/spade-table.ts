import type { RecordType, RelationClass } from '@camflow/api';
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
  type RecordText,
  string,
  typeName,
  when,
} from '@camflow/format-compiler';
import { address, camflowAddress } from './addresses.ts';

const relationNames: Readonly<Record<RelationClass, string>> = {
  used: 'Used',
  generated: 'WasGeneratedBy',
  informed: 'WasInformedBy',
  // SPADE's reporter knows no edge of this name and skips it; no other name would be true.
  influenced: 'WasInfluencedBy',
  associated: 'WasAssociatedWith',
  derived: 'WasDerivedFrom',
};

/** On import SPADE writes its own annotations of these names over those of the record. */
const taken: ReadonlySet<string> = new Set(['type', 'id']);

const renamed = (key: string): string => `disclosed_${key}`;

/** Members keep their keys, except where the node has an attribute of that name. */
const disclosed = (dialect: Dialect): DisclosedAttributes => ({
  kind: 'disclosed',
  wholeTextKey: 'content',
  keyOf: (name) => (taken.has(name) ? renamed(name) : name),
  renamed,
  nested: dialect === 'camflow' ? 'json' : 'string',
  about: 'what the program disclosed; text that is no JSON whole, as `content`',
});

/** How SPADE JSON writes every type of record. The order of attributes is CamFlow's. */
export function spadeTable(dialect: Dialect): FormatTable {
  const specific: NodeAttributes = {
    ...nodeAttributes('', dialect),
    address: [dialect === 'camflow' ? camflowAddress : address],
    disclosed: [disclosed(dialect)],
  };
  return (type) => {
    if (!isExpressible(type, dialect)) return undefined;
    if (type.category === 'relation') return relation(type, dialect);
    return node(type, dialect === 'camflow', specific[type.shape]);
  };
}

function node(type: RecordType, camflow: boolean, specific: readonly Attribute[] | undefined): RecordText {
  if (type.shape !== 'packet' && specific === undefined) throw new Error(`no attributes for ${type.name}`);
  return {
    section: 'lines',
    open: [`{"type":"${nodeClass(type, camflow)}","id":"`, identifier('identifier'), '","annotations": {'],
    attributes:
      type.shape === 'packet'
        ? packetAttributes(camflow)
        : [...commonAttributes(type, camflow), ...(specific ?? [])],
    close: '}}\n',
  };
}

function nodeClass(type: RecordType, camflow: boolean): string {
  // CamFlow writes the machine, an agent, as an entity.
  if (type.name === 'machine') return camflow ? 'Entity' : 'Agent';
  return { activity: 'Activity', entity: 'Entity', agent: 'Agent' }[type.class as 'activity'];
}

function date(camflow: boolean): Attribute {
  return string('cf:date', 'when the batch was captured, UTC', camflow ? camflowDate : isoDate);
}

function commonAttributes(type: RecordType, camflow: boolean): Attribute[] {
  const name = string('cf:name', 'path that names the node, where one is known', nodeName);
  return [
    string('object_id', 'number of the object', decimal('id')),
    string('object_type', 'type of the node', type.name),
    number('boot_id', 'boot of the machine', decimal('boot_id')),
    string('cf:machine_id', 'the machine', 'cf:', decimal('machine_id')),
    number('version', 'version of the object', decimal('version')),
    date(camflow),
    camflow ? when('nonempty', name) : name,
    string('cf:taint', 'taint mask, hexadecimal', hex('taint')),
    string('cf:jiffies', 'kernel time, in jiffies', decimal('jiffies')),
    number('cf:epoch', 'epoch of the recording', decimal('epoch')),
  ];
}

/** Packets have neither numbers of their own nor versions: their header fields identify them. */
function packetAttributes(camflow: boolean): Attribute[] {
  const seq = number('seq', 'TCP sequence number, else 0', decimal('seq'));
  const ends = [
    string('sender', 'address and port of the sender', endpoint('snd_ip', 'snd_port')),
    string('receiver', 'address and port of the receiver', endpoint('rcv_ip', 'rcv_port')),
  ];
  const jiffiesAbout = 'kernel time, in jiffies';
  if (camflow) {
    return [
      string('object_type', 'type of the node', 'packet'),
      date(camflow),
      number('packet_id', 'IP identification', decimal('packet_id')),
      seq,
      ...ends,
      string('jiffies', jiffiesAbout, decimal('jiffies')),
      number('ih_len', 'total length of the IP packet, in bytes', decimal('len')),
    ];
  }
  return [
    string('object_id', 'IP identification', decimal('packet_id')),
    string('object_type', 'type of the node', 'packet'),
    date(camflow),
    string('cf:taint', 'taint mask, hexadecimal', hex('taint')),
    string('cf:jiffies', jiffiesAbout, decimal('jiffies')),
    number('cf:epoch', 'epoch of the recording', decimal('epoch')),
    seq,
    ...ends,
    number('length', 'total length of the IP packet, in bytes', decimal('len')),
  ];
}

/** Edges point from effect to cause: `from` is where information went. */
function relation(type: RecordType, dialect: Dialect): RecordText {
  const camflow = dialect === 'camflow';
  const prefix = camflow ? '' : 'cf:';
  return {
    section: 'lines',
    open: [
      `{"type":"${relationNames[type.class as RelationClass]}","from":"`,
      identifier('rcv'),
      '","to":"',
      identifier('snd'),
      '","annotations": {',
    ],
    attributes: [
      string('id', 'identifier of the relation', identifier('identifier')),
      string('relation_id', 'number of the relation, increasing over a boot', decimal('id')),
      string('relation_type', 'type of the relation', type.name),
      number('boot_id', 'boot of the machine', decimal('boot_id')),
      string('cf:machine_id', 'the machine', 'cf:', decimal('machine_id')),
      date(camflow),
      number(`${prefix}epoch`, 'epoch of the recording', decimal('epoch')),
      string(`${prefix}jiffies`, 'kernel time, in jiffies', decimal('jiffies')),
      string('allowed', 'whether the kernel allowed it', isZero('allowed')),
      when({ positive: 'offset', flag: 'set' }, string('offset', 'position in the file', decimal('offset'))),
      // Without 0x, unlike other hexadecimal texts: parsers hash this text.
      string('flags', 'flags of the call, hexadecimal', hex('flags')),
      string('task_id', 'number of the task that acted', decimal('task_id')),
      string('from_type', 'type of the node at `from`', typeName('rcv')),
      string('to_type', 'type of the node at `to`', typeName('snd')),
    ],
    close: '}}\n',
  };
}
