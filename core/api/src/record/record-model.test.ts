import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { firstExtensionBit, recordTypeOfCode, recordTypes } from './record-types.ts';
import { shapes } from './shapes.ts';
import { decodeText, encodeText } from './text.ts';
import { TypeIndex } from './type-index.ts';

const captures = new URL('../../../../../shared/captures/camflow-0.9.0/', import.meta.url);
const haveCaptures = existsSync(captures);
const skipNote = haveCaptures ? '' : ' (skipped: the CamFlow captures are not beside this checkout)';

describe('record types', () => {
  test('the index of a type follows from the two halves of its code', () => {
    const index = new TypeIndex();
    for (const type of recordTypes) {
      const low = Number(BigInt.asIntN(32, type.code));
      const high = Number(BigInt.asIntN(32, type.code >> 32n));
      expect(index.of(low, high), type.name).toBe(type.index);
      expect(index.of(low | 0, (high ^ 0x0100_0000) | 0)).toBe(0);
      expect(index.of(low, high | 0x8000)).toBe(0);
    }
    expect(index.of(0, 0)).toBe(0);
    expect(index.of(3, 0x4000_0000)).toBe(0);
    expect(index.of(-1, -1)).toBe(0);
  });

  test.skipIf(!haveCaptures)(`types and names agree with a CamFlow 0.9 kernel${skipNote}`, () => {
    const rows = readFileSync(new URL('types.txt', captures), 'utf8').trim().split('\n');
    let known = 0;
    for (const row of rows) {
      const [category, , code, name] = row.split('\t');
      if (name === 'unknown' || code === undefined) continue;
      const type = recordTypeOfCode(BigInt(code));
      // The kernel cannot map this one name back; the type itself is used.
      expect(type?.name, row).toBe(name);
      expect(type?.category, row).toBe(category);
      known++;
    }
    const extensions = 0xffffn << BigInt(firstExtensionBit);
    expect(known).toBe(recordTypes.filter(({ code }) => (code & extensions) === 0n).length);
  });

  test.skipIf(!haveCaptures)(`fields agree with the structures of a CamFlow 0.9 kernel${skipNote}`, () => {
    const structures = new Map<string, Map<string, [number, number]>>();
    const sizes = new Map<string, number>();
    let current = '';
    for (const line of readFileSync(new URL('layout.txt', captures), 'utf8').split('\n')) {
      const head = /^(?:struct|union) (\w+) size=(\d+)/.exec(line);
      const field = /^ {2}(\w+) +offset=(\d+) +size=(\d+)/.exec(line);
      if (head) {
        current = head[1]!;
        structures.set(current, new Map());
        sizes.set(current, Number(head[2]));
      } else if (field) structures.get(current)!.set(field[1]!, [Number(field[2]), Number(field[3])]);
    }
    const structureOf: Record<string, string> = {
      relation: 'relation_struct',
      process: 'proc_prov_struct',
      task: 'task_prov_struct',
      inode: 'inode_prov_struct',
      iattr: 'iattr_prov_struct',
      msg: 'msg_msg_struct',
      shm: 'shm_struct',
      sb: 'sb_struct',
      packet: 'pck_struct',
      string: 'str_struct',
      path: 'file_name_struct',
      address: 'address_struct',
      packet_content: 'pckcnt_struct',
      argument: 'arg_struct',
      disclosed: 'disc_node_struct',
      xattr: 'xattr_prov_struct',
      machine: 'machine_struct',
    };
    const renamed: Record<string, string> = { sb_uuid: 'sb_uuid', message_type: 'type' };
    for (const shape of shapes.values()) {
      if (shape.name === 'packet6' || shape.name === 'gap') continue;
      const structure = structures.get(structureOf[shape.name]!)!;
      expect(sizes.get(structureOf[shape.name]!), shape.name).toBe(shape.size);
      let compared = 0;
      for (const field of shape.fields.values()) {
        const theirs = structure.get(renamed[field.name] ?? field.name);
        if (theirs === undefined || (field.offset < 32 && field.name !== 'identifier')) continue;
        if (field.name === 'identifier' && shape.name === 'relation') continue;
        expect([field.offset, field.size], `${shape.name}.${field.name}`).toEqual(theirs);
        compared++;
      }
      expect(compared, shape.name).toBeGreaterThan(10);
    }
  });
});

describe('text', () => {
  test('decoding can be undone for any bytes', () => {
    let state = 42;
    const next = (): number => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return state >>> 16;
    };
    const leads = [
      0x41, 0x80, 0xbf, 0xc2, 0xe0, 0xe2, 0xed, 0xee, 0xef, 0xf0, 0xf4, 0xff, 0xbe, 0xbd, 0x9f, 0xa0,
    ];
    const seen = new Map<string, string>();
    for (let round = 0; round < 20_000; round++) {
      const bytes = Uint8Array.from({ length: next() % 8 }, () => leads[next() % leads.length]!);
      const text = decodeText(bytes);
      expect(Buffer.from(encodeText(text)).toString('hex')).toBe(Buffer.from(bytes).toString('hex'));
      const before = seen.get(text) ?? Buffer.from(bytes).toString('hex');
      expect(before).toBe(Buffer.from(bytes).toString('hex'));
      seen.set(text, before);
      expect(/[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/.test(text)).toBe(false);
    }
  });

  test('valid text is left alone, invalid bytes are visible', () => {
    expect(decodeText(Buffer.from('/tmp/é 日本 😀'))).toBe('/tmp/é 日本 😀');
    expect(decodeText(Uint8Array.of(0xff, 0x61))).toBe('\uefffa');
    expect(decodeText(Buffer.from('\uef80'))).toBe('\uefee\uefbe\uef80');
  });
});
