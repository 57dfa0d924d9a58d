import { nodeTypeNamed, type RecordType, relationTypeNamed } from '@camflow/api';

/** What a made record holds beside its type. */
export interface RecordContent {
  readonly id: number;
  /** Number of the path that names it; 0 for none. */
  readonly nameId?: number;
  readonly secid?: number;
  /** What the line format is told to do. */
  readonly order?: number;
}

function identifier(bytes: Buffer, at: number, type: RecordType, id: number): void {
  bytes.writeBigUInt64LE(type.code, at);
  bytes.writeBigUInt64LE(BigInt(id), at + 8);
  bytes.writeUInt32LE(3, at + 16);
}

/** A short record: a file node. */
export function fileRecord({ id, nameId = 0, secid = 0, order = 0 }: RecordContent): Buffer {
  const bytes = Buffer.alloc(256);
  identifier(bytes, 0, nodeTypeNamed('file')!, id);
  bytes.writeBigUInt64LE(BigInt(order), 48);
  if (nameId > 0) identifier(bytes, 64, nodeTypeNamed('path')!, nameId);
  bytes.writeUInt32LE(secid, 124);
  return bytes;
}

/** A short record: a relation from a node type to another. */
export function relationRecord(name: string, id: number, from: string, to: string): Buffer {
  const bytes = Buffer.alloc(256);
  identifier(bytes, 0, relationTypeNamed(name)!, id);
  identifier(bytes, 72, nodeTypeNamed(from)!, 1);
  identifier(bytes, 104, nodeTypeNamed(to)!, 2);
  return bytes;
}

/** A long record: a path node with its text, itself named by another path if a number is given. */
export function pathRecord(id: number, name: string, nameId = 0): Buffer {
  const bytes = Buffer.alloc(4280);
  identifier(bytes, 0, nodeTypeNamed('path')!, id);
  if (nameId > 0) identifier(bytes, 64, nodeTypeNamed('path')!, nameId);
  bytes.write(name, 144, 'utf8');
  return bytes;
}

/** A short record of no known type. */
export function malformedRecord(): Buffer {
  return Buffer.alloc(256, 0xff);
}
