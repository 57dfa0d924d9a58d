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

const relationNames: Readonly<Record<string, string>> = {
  used: 'Used',
  generated: 'WasGeneratedBy',
  informed: 'WasInformedBy',
  influenced: 'WasInfluencedBy',
  associated: 'WasAssociatedWith',
  derived: 'WasDerivedFrom',
};
const nodeNames: Readonly<Record<string, string>> = {
  activity: 'Activity',
  entity: 'Entity',
  agent: 'Agent',
};

/**
 * SPADE JSON as one would write it: an object per record, printed by `JSON.stringify`.
 * @param names - paths by identifier in base64
 */
export function createSpadeBaseline(
  dialect: Dialect,
  names: ReadonlyMap<string, string>,
  context: FormatterContext,
): Formatter {
  const camflow = dialect === 'camflow';
  const reader = new RecordReader(context.memory, camflow);

  function address(o: number): JsonObject {
    const { name, family, host, service, path, rest, readable } = readAddress(reader, o, dialect);
    if (family === 1) {
      if (!camflow) return { address_family: name, path };
      return path === '' ? { type: name } : { type: name, path };
    }
    if (readable) return { [camflow ? 'type' : 'address_family']: name, host, service };
    if (!camflow) return { address_family: name, address_bytes: rest };
    const unresolved = 'could not resolve';
    return {
      type: name === String(family) ? family : name,
      host: unresolved,
      service: unresolved,
      error: 'ai_family not supported',
    };
  }

  function packet(o: number, date: string): JsonObject {
    const ends = { sender: reader.endpoint(o + 12, o + 20), receiver: reader.endpoint(o + 16, o + 22) };
    const seq = reader.be32(o + 28);
    const jiffies = reader.u64(o + 48).toString();
    const length = reader.be16(o + 144);
    if (camflow) {
      const packet_id = reader.be16(o + 8);
      return { object_type: 'packet', 'cf:date': date, packet_id, seq, ...ends, jiffies, ih_len: length };
    }
    return {
      object_id: String(reader.be16(o + 8)),
      object_type: 'packet',
      'cf:date': date,
      'cf:taint': reader.u64(o + 56).toString(16),
      'cf:jiffies': jiffies,
      'cf:epoch': reader.u32(o + 32),
      seq,
      ...ends,
      length,
    };
  }

  function node(type: RecordType, o: number, date: string, batch: RecordBatch): JsonObject {
    let annotations: JsonObject;
    if (type.shape === 'packet') annotations = packet(o, date);
    else {
      annotations = {
        object_id: reader.u64(o + 8).toString(),
        object_type: type.name,
        boot_id: reader.u32(o + 16),
        'cf:machine_id': `cf:${reader.u32(o + 20)}`,
        version: reader.u32(o + 24),
        'cf:date': date,
      };
      const name = reader.u64(o + 64) === 0n ? undefined : names.get(reader.identifier(o + 64));
      if (name !== undefined) annotations['cf:name'] = name;
      annotations['cf:taint'] = reader.u64(o + 56).toString(16);
      annotations['cf:jiffies'] = reader.u64(o + 48).toString();
      annotations['cf:epoch'] = reader.u32(o + 32);
      Object.assign(annotations, nodeValues(reader, type.shape, o, dialect, batch.securityContexts));
      if (type.shape === 'address') Object.assign(annotations, address(o));
      if (type.shape === 'disclosed') {
        mergeDisclosed(
          reader,
          o,
          annotations,
          dialect,
          'content',
          (key) => (key === 'type' || key === 'id' ? `disclosed_${key}` : key),
          (key) => `disclosed_${key}`,
        );
      }
      if (camflow && type.shape === 'shm') {
        annotations['cf:mode'] = annotations.mode;
        delete annotations.mode;
      }
      if (camflow && type.shape !== 'disclosed') withoutEmpty(annotations);
    }
    const entity = camflow && type.name === 'machine';
    return {
      type: entity ? 'Entity' : nodeNames[type.class],
      id: reader.identifier(o),
      annotations,
    };
  }

  function relation(type: RecordType, o: number, date: string): JsonObject {
    const annotations: JsonObject = {
      id: reader.identifier(o),
      relation_id: reader.u64(o + 8).toString(),
      relation_type: type.name,
      boot_id: reader.u32(o + 16),
      'cf:machine_id': `cf:${reader.u32(o + 20)}`,
      'cf:date': date,
      [camflow ? 'epoch' : 'cf:epoch']: reader.u32(o + 32),
      [camflow ? 'jiffies' : 'cf:jiffies']: reader.u64(o + 48).toString(),
      allowed: reader.u8(o + 64) === 0 ? 'true' : 'false',
    };
    if (reader.u8(o + 136) === 1 && reader.i64(o + 144) > 0n) {
      annotations.offset = reader.i64(o + 144).toString();
    }
    annotations.flags = reader.u64(o + 152).toString(16);
    annotations.task_id = reader.u64(o + 160).toString();
    annotations.from_type = reader.nodeType(o + 104);
    annotations.to_type = reader.nodeType(o + 72);
    return {
      type: relationNames[type.class],
      from: reader.identifier(o + 104),
      to: reader.identifier(o + 72),
      annotations,
    };
  }

  return {
    format(batch: RecordBatch, out: UnitWriter): void {
      const iso = new Date(batch.capturedAtMs).toISOString();
      const date = camflow ? iso.slice(0, 19).replace('-', ':').replace('-', ':') : iso;
      for (let i = 0; i < batch.count; i++) {
        const type = recordTypes[batch.types[i]! - 1]!;
        const o = batch.offsets[i]!;
        if (!isExpressible(type, dialect)) {
          out.drop(1, 'filtered');
          continue;
        }
        const object = type.category === 'node' ? node(type, o, date, batch) : relation(type, o, date);
        out.writeText(`${JSON.stringify(object)}\n`);
        out.endUnit(1);
      }
    },
  };
}
