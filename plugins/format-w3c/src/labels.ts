import type { RecordType } from '@camflow/api';
import {
  type Attribute,
  decimal,
  endpoint,
  endpoint6,
  type Part,
  string,
  text,
} from '@camflow/format-compiler';

/** The text that viewers show for a record; none for machines, messages, shared memory and disclosed nodes. */
export function label(type: RecordType, camflow: boolean): Attribute[] {
  const parts = labelParts(type, camflow);
  return parts === undefined ? [] : [string('prov:label', 'text to show', ...parts)];
}

function labelParts(type: RecordType, camflow: boolean): Part[] | undefined {
  switch (type.shape) {
    case 'relation':
      return [type.name];
    case 'task':
    case 'inode':
      return [`[${type.name}] `, decimal('version')];
    case 'process':
      return ['[process] ', decimal('version')];
    case 'iattr':
      return ['[iattr] ', camflow ? decimal('id', 32) : decimal('id')];
    case 'xattr':
      return ['[xattr] ', text('name')];
    case 'packet_content':
      return ['[content] '];
    case 'string':
      return ['[log] ', text('str')];
    case 'path':
      return ['[path] ', text('name')];
    case 'argument':
      return [`[${type.name}] `, text('value')];
    case 'packet':
      return [
        '[packet] ',
        endpoint('snd_ip', 'snd_port'),
        '->',
        endpoint('rcv_ip', 'rcv_port'),
        ' (',
        decimal('packet_id'),
        ')',
      ];
    case 'gap':
      return ['[gap] ', text('cause'), ' ', text('count')];
    case 'packet6':
      return ['[packet6] ', endpoint6('snd_ip6', 'snd_port'), '->', endpoint6('rcv_ip6', 'rcv_port')];
    default:
      // Addresses bring their own: it depends on the family.
      return undefined;
  }
}
