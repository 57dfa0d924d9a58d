import { recordTypeOfCode } from '@camflow/api';
import {
  askFile,
  askProcess,
  type FileKey,
  type FlagChange,
  listFileFlags,
} from '../../bpf/flag-requests.ts';
import type { NodeState } from '../../bpf/node-state.ts';
import { loadFileFlags, type SavedFlags, saveFileFlags } from '../../bpf/saved-flags.ts';
import { allMarks, bitsOfChange, type MarkChange, marksOf } from '../marks.ts';
import type {
  FileControl,
  FileTarget,
  MarkedFile,
  ProcessControl,
  ProvenanceNode,
} from '../provenance-node.ts';
import { useSettings } from './use-settings.ts';

const minorBits = 20;

/** Files, as the BPF programs know them. */
export class BpfFiles implements FileControl {
  read(target: FileTarget): ProvenanceNode {
    return nodeOf(askFile(target).node);
  }

  mark(target: FileTarget, change: MarkChange): void {
    askFile(target, changeOf(change));
  }

  listOthers(paths: readonly string[]): MarkedFile[] {
    const known = new Set(paths.flatMap(keyOf).map(keyText));
    return listFileFlags()
      .filter(({ key, flags }) => (flags & allMarks) !== 0 && !known.has(keyText(key)))
      .map(({ key: { device, inode }, flags }) => ({
        device: `${device >>> minorBits}:${device & ((1 << minorBits) - 1)}`,
        inode,
        marks: marksOf(flags),
      }));
  }

  save(path: string): SavedFlags {
    return saveFileFlags(path);
  }

  load(path: string): SavedFlags {
    return loadFileFlags(path);
  }
}

/** Processes, as the BPF programs know them. */
export class BpfProcesses implements ProcessControl {
  read(pid: number): ProvenanceNode {
    return nodeOf(askProcess(pid));
  }

  mark(pid: number, change: MarkChange): void {
    askProcess(pid, changeOf(change));
  }

  readSelf(): ProvenanceNode {
    return this.read(process.pid);
  }

  markSelf(change: MarkChange): void {
    this.mark(process.pid, change);
  }
}

/** What tells the file at a path from others; nothing where there is none, or it cannot be opened. */
function keyOf(path: string): FileKey[] {
  try {
    return [askFile(path).key];
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
export function nodeOf(state: NodeState): ProvenanceNode {
  const { bootId, machineId } = useSettings((settings) => {
    const config = settings.read();
    return { bootId: Number(config.boot_id), machineId: Number(config.machine_id) };
  });
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
