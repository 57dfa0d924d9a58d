import { identifierBytes, nodeTypeNamed, type RecordType } from '@camflow/api';

/** What makes up the identifier of a node. */
export interface NodeIdentity {
  /** Record type, or name of a node type. */
  readonly type: RecordType | string;
  readonly id: number | bigint;
  /** Default 1. */
  readonly bootId?: number;
  /** Default 1. */
  readonly machineId?: number;
  /** Default 0. */
  readonly version?: number;
}

/**
 * The 32-byte identifier of a node, as the kernel writes it.
 * @throws Error where no node type has that name
 */
export function nodeIdentifier(identity: NodeIdentity): Uint8Array {
  const type = typeof identity.type === 'string' ? nodeTypeNamed(identity.type) : identity.type;
  if (type === undefined) throw new Error(`no node type is named ${String(identity.type)}`);
  const bytes = new Uint8Array(identifierBytes);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, type.code, true);
  view.setBigUint64(8, BigInt.asUintN(64, BigInt(identity.id)), true);
  view.setUint32(16, identity.bootId ?? 1, true);
  view.setUint32(20, identity.machineId ?? 1, true);
  view.setUint32(24, identity.version ?? 0, true);
  return bytes;
}

/**
 * The number that the kernel gives a path: a 64-bit hash of its bytes, taken as signed, so that equal paths
 * share an identifier within a boot.
 */
export function pathId(path: Uint8Array): bigint {
  // Kept in four 16-bit limbs: bigint arithmetic per byte would dominate the generator.
  let [a, b, c, d] = [5381, 0, 0, 0];
  for (const byte of path) {
    a = a * 33 + ((byte << 24) >> 24);
    b = b * 33 + (a >> 16);
    c = c * 33 + (b >> 16);
    d = d * 33 + (c >> 16);
    a &= 0xffff;
    b &= 0xffff;
    c &= 0xffff;
    d &= 0xffff;
  }
  return (BigInt(d * 0x1_0000 + c) << 32n) | BigInt(b * 0x1_0000 + a);
}
