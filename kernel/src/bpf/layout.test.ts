import { abiBpf1, type Field, type Shape, type ShapeName } from '@camflow/api';
import { describe, expect, test } from 'vitest';
import {
  type CompiledMember,
  compiledStructures,
  missingForStructures,
} from '../test/compiled-structures.ts';
import {
  addressRules,
  contextBytes,
  fileUuid,
  machineTextOffset,
  nodeUuid,
  relationClasses,
  requestOffsets,
  structures,
} from './layout.ts';

const missing = missingForStructures();
const skipped = missing !== undefined && process.env['CAMFLOW_TEST_SYSTEM'] !== '1';
const note = skipped ? ` (skipped: ${missing})` : '';

test.skipIf(skipped)(`structures agree with the type information of the programs${note}`, () => {
  const compiled = compiledStructures();
  for (const [name, { size, members }] of Object.entries(structures)) {
    const theirs = compiled.get(name)!;
    expect(theirs.size, name).toBe(size);
    for (const [member, { offset, size: bytes }] of Object.entries(members)) {
      const ofClass = relationClasses.findIndex((each) => member === `shed_${each}`);
      const first = theirs.members.get('shed_relations');
      const found =
        ofClass >= 0 && first
          ? { offset: first.offset + 8 * ofClass, size: 8 }
          : (theirs.members.get(member) ?? theirs.members.get(`node.${member}`));
      expect(found, `${name}.${member}`).toEqual({ offset, size: bytes });
    }
  }
  expect(compiled.get('cf_machine')!.members.get('text')?.offset).toBe(machineTextOffset);
  const offsetIn = (name: string, member: string): number | undefined =>
    compiled.get(name)!.members.get(member)?.offset;
  expect(offsetIn('cf_request', 'key')).toBe(requestOffsets.key);
  expect(offsetIn('cf_request', 'uuid')).toBe(requestOffsets.uuid);
  expect(offsetIn('cf_request', 'node')).toBe(requestOffsets.node);
  expect(offsetIn('cf_file', 'uuid')).toBe(fileUuid.offset);
  expect(offsetIn('cf_node', 'inode.uuid')).toBe(nodeUuid.offset);
  expect(offsetIn('cf_address_rules', 'rules')).toBe(addressRules.rulesOffset);
  expect(compiled.get('cf_address_rules')!.size).toBe(addressRules.size);
  expect(compiled.get('cf_address_rule')!.size).toBe(addressRules.ruleBytes);
  expect(compiled.get('cf_context')!.size).toBe(contextBytes);
  for (const [member, offset] of Object.entries(addressRules.offsets))
    expect(offsetIn('cf_address_rule', member), member).toBe(offset);
});

/** The structure behind each shape; shapes that the programs do not write have none. */
const structureOf: Readonly<Partial<Record<ShapeName, string>>> = {
  relation: 'cf_relation_record',
  process: 'cf_process_record',
  task: 'cf_task_record',
  inode: 'cf_inode_record',
  iattr: 'cf_iattr_record',
  msg: 'cf_msg_record',
  shm: 'cf_shm_record',
  sb: 'cf_sb_record',
  packet: 'cf_packet_record',
  packet6: 'cf_packet6_record',
  path: 'cf_text_record',
  address: 'cf_text_record',
  argument: 'cf_text_record',
  string: 'cf_text_record',
  packet_content: 'cf_text_record',
  xattr: 'cf_xattr_record',
  machine: 'cf_machine_record',
};

/** Members that are called otherwise than the fields they are. */
const renamed: Readonly<Record<string, string>> = {
  'task.disc': 'cgroup',
  'xattr.size': 'text.length',
  'packet.len': 'length',
  'packet6.snd_ip6': 'sender',
  'packet6.rcv_ip6': 'receiver',
  'packet6.snd_port': 'sender_port',
  'packet6.rcv_port': 'receiver_port',
  'packet6.len': 'length',
  'packet6.seq': 'sequence',
  'msg.message_type': 'type',
};

/** Where a field stands that is a part of a member: parts follow one another. */
function isWithin(field: Field, member: CompiledMember | undefined): boolean {
  return (
    member !== undefined &&
    field.offset >= member.offset &&
    field.offset + field.size <= member.offset + member.size
  );
}

const wrappers = [
  '',
  'node.',
  'text.',
  'header.',
  'node.header.',
  'header.identifier.',
  'node.header.identifier.',
];

/** Members that several fields share: texts one behind the other, and the identifier of a packet. */
const partsOf: Readonly<Partial<Record<ShapeName, readonly string[]>>> = {
  machine: ['text.version', 'text.utsname', 'text.commit'],
  packet: ['node.header.identifier'],
};

describe('the fields of records agree with the type information of the programs', () => {
  const compiled = skipped ? new Map() : compiledStructures();

  test.skipIf(skipped).for([...abiBpf1.shapes.values()].filter(({ name }) => name in structureOf))(
    `$name${note}`,
    (shape: Shape) => {
      const structure = compiled.get(structureOf[shape.name]!);
      expect(structure, `${structureOf[shape.name]} is not in the object`).toBeDefined();
      let fixed = 0;
      for (const field of shape.fields.values()) {
        const label = `${shape.name}.${field.name}`;
        if (field.storedAt !== undefined) {
          // What has a recorded length comes last, behind the structure.
          expect([field.offset, shape.size], label).toEqual([structure!.size, structure!.size]);
          expect(structure!.members.get('text.stored'), label).toEqual({ offset: field.storedAt, size: 4 });
          continue;
        }
        const own = renamed[label];
        const names = own ? [own] : wrappers.map((wrapper) => wrapper + field.name);
        const members = names
          .map((name) => structure!.members.get(name))
          .filter((found) => found !== undefined);
        // A node's own `type` and `version` are not those of its identifier.
        const member = members.find(({ offset }) => offset === field.offset) ?? members[0];
        const parts = partsOf[shape.name]?.map((name) => structure!.members.get(name)) ?? [];
        if (parts.some((part) => isWithin(field, part))) continue;
        expect(member, label).toEqual({ offset: field.offset, size: field.size });
        fixed++;
      }
      expect(fixed).toBeGreaterThan(10);
    },
  );
});
