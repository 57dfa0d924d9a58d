import { readStructure } from './layout.ts';

/** What the programs know of a node, now. */
export interface NodeState {
  /** Code of its type. */
  readonly type: bigint;
  readonly id: bigint;
  readonly version: number;
  /** Bits of `nodeFlags`. */
  readonly flags: number;
  readonly taint: bigint;
  readonly secid: number;
  readonly uid: number;
  readonly gid: number;
  /** Id of the path that it was last named by; 0 for none yet. */
  readonly name: bigint;
}

/** Reads a `struct cf_node`. */
export function readNodeState(bytes: Uint8Array, at = 0): NodeState {
  const values = readStructure('cf_node', bytes, at);
  return {
    type: values.type,
    id: values.id,
    version: Number(values.step >> 1n),
    flags: Number(values.flags),
    taint: values.taint,
    secid: Number(values.secid),
    uid: Number(values.uid),
    gid: Number(values.gid),
    name: values.name,
  };
}
