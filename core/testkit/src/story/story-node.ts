import { nodeTypeNamed, type RecordType } from '@camflow/api';
import type { FieldValue } from '../records/field-value.ts';
import { nodeIdentifier } from '../records/identifier.ts';

/** An object of the story: what is known about it now. */
export interface StoryNode {
  readonly type: RecordType;
  /** Fields of its record; they change as the story goes on. */
  readonly fields: Record<string, FieldValue>;
  /** Identifier of the current version. */
  identifier: Uint8Array;
  /** Whether the current version has been written. */
  written: boolean;
  /** Whether information has flowed out of the current version: the next inflow then makes a new one. */
  hasOutgoing: boolean;
  /** Source and type of the last relation into it: an equal one that follows is left out. */
  lastInflow: string;
}

/** Makes a node. `fields` must hold `id`, `boot_id`, `machine_id` and `version`, except for packets. */
export function createNode(typeName: string, fields: Record<string, FieldValue>): StoryNode {
  const type = nodeTypeNamed(typeName);
  if (type === undefined) throw new Error(`no node type is named ${typeName}`);
  const node = { type, fields, written: false, hasOutgoing: false, lastInflow: '' };
  return { ...node, identifier: identifierOf(type, fields) };
}

/** Makes the next version current. */
export function advance(node: StoryNode): void {
  node.fields.version = Number(node.fields.version) + 1;
  node.identifier = identifierOf(node.type, node.fields);
  node.written = false;
  node.hasOutgoing = false;
}

function identifierOf(type: RecordType, fields: Record<string, FieldValue>): Uint8Array {
  return nodeIdentifier({
    type,
    id: fields.id as number | bigint,
    bootId: Number(fields.boot_id),
    machineId: Number(fields.machine_id),
    version: Number(fields.version),
  });
}
