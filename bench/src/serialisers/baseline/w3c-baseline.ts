import {
  type Formatter,
  type FormatterContext,
  type RecordBatch,
  type RecordType,
  recordTypes,
  type UnitWriter,
} from '@camflow/api';
import { type Dialect, isExpressible } from '@camflow/format-compiler';
import { type JsonObject, nodeValues, withoutEmpty } from './node-values.ts';
import { RecordReader } from './record-reader.ts';
import { mergeDisclosed, readAddress } from './variable-values.ts';

const sections: readonly string[] = [
  ...['activity', 'agent', 'entity', 'used', 'wasGeneratedBy', 'wasInformedBy', 'wasAssociatedWith'],
  ...['wasInfluencedBy', 'wasDerivedFrom'],
];
const relations: Readonly<Record<string, readonly [section: string, sender: string, receiver: string]>> = {
  used: ['used', 'prov:entity', 'prov:activity'],
  generated: ['wasGeneratedBy', 'prov:activity', 'prov:entity'],
  informed: ['wasInformedBy', 'prov:informant', 'prov:informed'],
  influenced: ['wasInfluencedBy', 'prov:influencer', 'prov:influencee'],
  associated: ['wasAssociatedWith', 'prov:agent', 'prov:activity'],
  derived: ['wasDerivedFrom', 'prov:usedEntity', 'prov:generatedEntity'],
};
const unitBytes = 65_536;
const unresolved = 'could not resolve';
const notSupported = 'ai_family not supported';

/**
 * PROV-JSON as one would write it: an object per record, printed by `JSON.stringify`, collected by section.
 * @param names - paths by identifier in base64
 */
export function createW3cBaseline(
  dialect: Dialect,
  names: ReadonlyMap<string, string>,
  context: FormatterContext,
): Formatter {
  const camflow = dialect === 'camflow';
  const hash = camflow ? '' : '#';
  const prefix = JSON.stringify({
    prov: `http://www.w3.org/ns/prov${hash}`,
    cf: `http://www.camflow.org${hash}`,
  });
  const reader = new RecordReader(context.memory, camflow);

  function address(o: number): JsonObject {
    const { name, family, host, service, path, rest, readable } = readAddress(reader, o, dialect);
    const short = { AF_INET: 'IPV4', AF_INET6: 'IPV6' }[name] ?? name;
    if (family === 1) {
      const label = `[address] UNIX ${path}`;
      if (camflow) return { 'cf:address': { type: name, path }, 'prov:label': label };
      return { 'cf:address': path, 'cf:address_family': name, 'cf:address_path': path, 'prov:label': label };
    }
    const label = `[address] ${short} ${host} (${service})`;
    if (readable && camflow) return { 'cf:address': { type: name, host, service }, 'prov:label': label };
    if (readable) {
      return {
        'cf:address': family === 10 ? `[${host}]:${service}` : `${host}:${service}`,
        'cf:address_family': name,
        'cf:address_host': host,
        'cf:address_service': service,
        'prov:label': label,
      };
    }
    if (!camflow) {
      return { 'cf:address': rest, 'cf:address_family': name, 'prov:label': `[address] ${short} ${rest}` };
    }
    const type = name === String(family) ? family : name;
    return {
      'cf:address': { type, host: unresolved, service: unresolved, error: notSupported },
      'prov:label': `[address] ${short} ${unresolved} (${notSupported})`,
    };
  }

  function label(type: RecordType, o: number, values: JsonObject): string | undefined {
    const version = reader.u32(o + 24);
    switch (type.shape) {
      case 'task':
      case 'inode':
        return `[${type.name}] ${version}`;
      case 'process':
        return `[process] ${version}`;
      case 'iattr':
        return `[iattr] ${camflow ? reader.u32(o + 8) : reader.u64(o + 8)}`;
      case 'xattr':
        return `[xattr] ${values.name}`;
      case 'gap':
        return `[gap] ${values.cause} ${values.count}`;
      case 'packet6':
        return `[packet6] ${values.sender}->${values.receiver}`;
      case 'packet_content':
        return '[content] ';
      case 'string':
        return `[log] ${values.log}`;
      case 'path':
        return `[path] ${values.pathname}`;
      case 'argument':
        return `[${type.name}] ${values.value}`;
      default:
        return undefined;
    }
  }

  function packet(o: number, date: string): JsonObject {
    const id = reader.be16(o + 8);
    const sender = reader.endpoint(o + 12, o + 20);
    const receiver = reader.endpoint(o + 16, o + 22);
    const values: JsonObject = {
      'cf:id': camflow ? id : String(id),
      'cf:seq': reader.be32(o + 28),
      'cf:sender': sender,
      'cf:receiver': receiver,
      'prov:type': 'packet',
    };
    if (!camflow) values['cf:date'] = date;
    values['cf:taint'] = reader.u64(o + 56).toString(16);
    values['cf:jiffies'] = reader.u64(o + 48).toString();
    if (!camflow) values['cf:epoch'] = reader.u32(o + 32);
    values[camflow ? 'cf:len' : 'cf:length'] = reader.be16(o + 144);
    values['prov:label'] = `[packet] ${sender}->${receiver} (${id})`;
    return values;
  }

  function node(type: RecordType, o: number, date: string, batch: RecordBatch): JsonObject {
    if (type.shape === 'packet') return packet(o, date);
    const entry: JsonObject = {
      'cf:id': reader.u64(o + 8).toString(),
      'prov:type': type.name,
      'cf:boot_id': reader.u32(o + 16),
      'cf:machine_id': `cf:${reader.u32(o + 20)}`,
      'cf:version': reader.u32(o + 24),
      'cf:date': date,
      'cf:taint': reader.u64(o + 56).toString(16),
      'cf:jiffies': reader.u64(o + 48).toString(),
      'cf:epoch': reader.u32(o + 32),
    };
    if (type.shape === 'task' || type.shape === 'process' || type.shape === 'inode') {
      const name = reader.u64(o + 64) === 0n ? undefined : names.get(reader.identifier(o + 64));
      if (name !== undefined && !(camflow && name === '')) entry['cf:name'] = name;
    }
    const values = nodeValues(reader, type.shape, o, dialect, batch.securityContexts);
    if (camflow && type.shape === 'task') delete values.secctx;
    const text = label(type, o, values);
    if (camflow) withoutEmpty(values);
    for (const key in values) entry[`cf:${key}`] = values[key];
    if (type.shape === 'address') Object.assign(entry, address(o));
    if (type.shape === 'disclosed') {
      entry['cf:hasParent'] = `cf:${reader.identifier(o + 4248)}`;
      const keyOf = (name: string): string =>
        camflow || name.startsWith('cf:') || name === 'prov:label' ? name : `cf:${name}`;
      const renamed = (key: string): string => `cf:disclosed_${key.slice(key.indexOf(':') + 1)}`;
      mergeDisclosed(reader, o, entry, dialect, 'cf:content', keyOf, renamed);
    }
    if (text !== undefined) entry['prov:label'] = text;
    return entry;
  }

  function relation(type: RecordType, o: number, date: string, time: string): JsonObject {
    const [section, sender, receiver] = relations[type.class]!;
    const entry: JsonObject = {
      'cf:id': reader.u64(o + 8).toString(),
      'prov:type': type.name,
      'cf:boot_id': reader.u32(o + 16),
      'cf:machine_id': `cf:${reader.u32(o + 20)}`,
      'cf:date': date,
    };
    if (!camflow && (section === 'used' || section === 'wasGeneratedBy')) entry['prov:time'] = time;
    entry['cf:jiffies'] = reader.u64(o + 48).toString();
    entry['cf:epoch'] = reader.u32(o + 32);
    entry['prov:label'] = type.name;
    entry['cf:allowed'] = reader.u8(o + 64) === 0 ? 'true' : 'false';
    entry[sender] = `cf:${reader.identifier(o + 72)}`;
    entry[receiver] = `cf:${reader.identifier(o + 104)}`;
    if (reader.u8(o + 136) === 1 && reader.i64(o + 144) > 0n) {
      entry['cf:offset'] = reader.i64(o + 144).toString();
    }
    entry['cf:flags'] = reader.u64(o + 152).toString(16);
    entry['cf:task_id'] = reader.u64(o + 160).toString();
    return entry;
  }

  return {
    format(batch: RecordBatch, out: UnitWriter): void {
      const time = new Date(batch.capturedAtMs).toISOString();
      const date = time.slice(0, 19).replace('-', ':').replace('-', ':');
      let entries = new Map<string, string[]>();
      let seen = new Set<string>();
      let bytes = 0;
      const close = (): void => {
        if (seen.size === 0) return;
        let document = `{"prefix":${prefix}`;
        for (const section of sections) {
          const list = entries.get(section);
          if (list) document += `, "${section}":{${list.join()}}`;
        }
        out.writeText(`${document}}\n`);
        out.endUnit(seen.size);
        entries = new Map();
        seen = new Set();
        bytes = 0;
      };
      for (let i = 0; i < batch.count; i++) {
        const type = recordTypes[batch.types[i]! - 1]!;
        const o = batch.offsets[i]!;
        if (!isExpressible(type, dialect)) {
          out.drop(1, 'filtered');
          continue;
        }
        const isNode = type.category === 'node';
        const object = isNode ? node(type, o, date, batch) : relation(type, o, date, time);
        const id = reader.identifier(o);
        const entry = `"cf:${id}":${JSON.stringify(object)}`;
        if (seen.has(id) || bytes + entry.length > unitBytes - 512) close();
        const section = isNode ? type.class : relations[type.class]![0];
        const list = entries.get(section);
        if (list) list.push(entry);
        else entries.set(section, [entry]);
        seen.add(id);
        bytes += entry.length + 1;
      }
      close();
    },
  };
}
