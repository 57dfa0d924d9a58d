import { recordTypeOfCode } from '@camflow/api';
import type { Channel } from '../../bpf/channel.ts';
import {
  askFile,
  askProcess,
  type FileKey,
  type FlagChange,
  listFileFlags,
} from '../../bpf/flag-requests.ts';
import type { NodeState } from '../../bpf/node-state.ts';
import { loadFileFlags, type SavedFlags, saveFileFlags } from '../../bpf/saved-flags.ts';
import { readSettings } from '../../bpf/use-settings.ts';
import { allMarks, bitsOfChange, type MarkChange, marksOf } from '../marks.ts';
import type {
  FileControl,
  FileTarget,
  MarkedFile,
  ProcessControl,
  ProvenanceNode,
} from '../provenance-node.ts';

const minorBits = 20;

/** Files, as the BPF programs know them. */
export class BpfFiles implements FileControl {
  readonly #channel: Channel;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  read(target: FileTarget): ProvenanceNode {
    return nodeOf(this.#channel, askFile(this.#channel, target).node);
  }

  mark(target: FileTarget, change: MarkChange): void {
    askFile(this.#channel, target, changeOf(change));
  }

  listOthers(paths: readonly string[]): MarkedFile[] {
    const known = new Set(paths.flatMap((path) => keyOf(this.#channel, path)).map(keyText));
    return listFileFlags(this.#channel)
      .filter(({ key, flags }) => (flags & allMarks) !== 0 && !known.has(keyText(key)))
      .map(({ key: { device, inode }, flags }) => ({
        device: `${device >>> minorBits}:${device & ((1 << minorBits) - 1)}`,
        inode,
        marks: marksOf(flags),
      }));
  }

  save(path: string): SavedFlags {
    return saveFileFlags(this.#channel, path);
  }

  load(path: string): SavedFlags {
    return loadFileFlags(this.#channel, path);
  }
}

/** Processes, as the BPF programs know them. */
export class BpfProcesses implements ProcessControl {
  readonly #channel: Channel;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  read(pid: number): ProvenanceNode {
    return nodeOf(this.#channel, askProcess(this.#channel, pid));
  }

  mark(pid: number, change: MarkChange): void {
    askProcess(this.#channel, pid, changeOf(change));
  }

  readSelf(): ProvenanceNode {
    return this.read(process.pid);
  }

  markSelf(change: MarkChange): void {
    this.mark(process.pid, change);
  }
}

/** What tells the file at a path from others; nothing where there is none, or it cannot be opened. */
function keyOf(channel: Channel, path: string): FileKey[] {
  try {
    return [askFile(channel, path).key];
  } catch {
    return [];
  }
}

function keyText({ device, inode, generation }: FileKey): string {
  return `${device} ${inode} ${generation}`;
}

function changeOf(change: MarkChange): FlagChange {
  const { affected, values } = bitsOfChange(change);
  return { set: values, clear: affected & ~values, taint: change.taint ?? 0n };
}

/** The node with the identifier that its next record has. */
export function nodeOf(channel: Channel, state: NodeState): ProvenanceNode {
  const config = readSettings(channel);
  const bootId = Number(config.boot_id);
  const machineId = Number(config.machine_id);
  const identifier = identifierOf(state, bootId, machineId);
  return {
    type: recordTypeOfCode(state.type),
    code: state.type,
    identifier: Buffer.from(identifier).toString('base64'),
    identifierBytes: identifier,
    id: state.id,
    bootId,
    machineId,
    version: state.version,
    taint: state.taint,
    marks: marksOf(state.flags),
  };
}

/** `struct cf_identifier` */
export function identifierOf(
  { type, id, version }: Pick<NodeState, 'type' | 'id' | 'version'>,
  bootId: number,
  machineId: number,
): Uint8Array {
  const bytes = Buffer.alloc(32);
  bytes.writeBigUInt64LE(type, 0);
  bytes.writeBigUInt64LE(id, 8);
  bytes.writeUInt32LE(bootId, 16);
  bytes.writeUInt32LE(machineId, 20);
  bytes.writeUInt32LE(version, 24);
  return new Uint8Array(bytes);
}
