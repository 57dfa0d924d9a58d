import { fieldOf, identifierText, type RecordType, recordTypeOfCode } from '@camflow/api';
import type { SavedFlags } from '../bpf/saved-flags.ts';
import { type MarkChange, type Marks, marksOf } from './marks.ts';

/** The node that stands for a file or a process in the graph. */
export interface ProvenanceNode {
  /** Undefined where the model does not know the type. */
  readonly type: RecordType | undefined;
  /** The 64-bit type code. */
  readonly code: bigint;
  /** As records and output have it: 44 characters of base64. */
  readonly identifier: string;
  /** The 32 bytes that `identifier` is made of. */
  readonly identifierBytes: Uint8Array;
  readonly id: bigint;
  readonly bootId: number;
  readonly machineId: number;
  readonly version: number;
  readonly taint: bigint;
  readonly marks: Marks;
}

/** A file of which something is said, by what the kernel knows it by: it may have any number of paths. */
export interface MarkedFile {
  /** `MAJOR:MINOR`, as /proc/self/mountinfo has it. */
  readonly device: string;
  readonly inode: bigint;
  readonly marks: Marks;
}

/** Files, by path or by open descriptor. A path leads through symbolic links to what they name. */
export type FileTarget = string | number;

/** Files, one by one. */
export interface FileControl {
  /**
   * The node of a file.
   * @throws CamflowError `SYSTEM_CALL_FAILED` where there is no such file, or the kernel keeps no node of it
   */
  read(target: FileTarget): ProvenanceNode;
  /** Changes what is said about a file, at once: all of it or nothing. */
  mark(target: FileTarget, change: MarkChange): void;
  /**
   * Files that are marked, but for those at these paths.
   * @returns none on CamFlow 0.9, which keeps marks with the files and has no list of them
   */
  listOthers(paths: readonly string[]): MarkedFile[];
  /**
   * Writes what is said about all files into a file, whole or not at all, for {@link load} after the machine was started
   * anew. Files of file systems in memory are left out. Where no programs are loaded nothing is said, and nothing is
   * written.
   * @throws CamflowError `UNSUPPORTED` on CamFlow 0.9, which keeps what is said about a file with the file
   */
  save(path: string): SavedFlags;
  /**
   * Says again what a file from {@link save} says, besides what is said already.
   * @throws CamflowError `CONFIG_UNREADABLE` or `CONFIG_BAD_VALUE`, and nothing was changed then; `UNSUPPORTED` as above
   */
  load(path: string): SavedFlags;
}

/** Processes, one by one. */
export interface ProcessControl {
  /**
   * The node of a process's memory.
   * @param pid - as this process sees it
   * @throws CamflowError `SYSTEM_CALL_FAILED` where there is no such process
   */
  read(pid: number): ProvenanceNode;
  /** Changes what is said about a process; what it starts later takes it over. */
  mark(pid: number, change: MarkChange): void;
  /** The node of the calling process. */
  readSelf(): ProvenanceNode;
  /** Changes what is said about the calling process. Needs no privilege on CamFlow 0.9. */
  markSelf(change: MarkChange): void;
}

/** Bytes of a short record, which is what the kernel gives for a file or a process. */
export const nodeBytes = 256;

const offset = (name: string): number => fieldOf('inode', name).offset;
/** Where a record has its flags. */
export const flagsOffset: number = offset('internal_flag');
/** Where a record has its taint. */
export const taintOffset: number = offset('taint');

/** Reads a node from the bytes of its record. */
export function readNode(bytes: Buffer): ProvenanceNode {
  const code = bytes.readBigUInt64LE(offset('type'));
  return {
    type: recordTypeOfCode(code),
    code,
    identifier: identifierText(bytes, offset('identifier')),
    identifierBytes: Uint8Array.prototype.slice.call(bytes, 0, 32),
    id: bytes.readBigUInt64LE(offset('id')),
    bootId: bytes.readUInt32LE(offset('boot_id')),
    machineId: bytes.readUInt32LE(offset('machine_id')),
    version: bytes.readUInt32LE(offset('version')),
    taint: bytes.readBigUInt64LE(taintOffset),
    marks: marksOf(bytes.readUInt32LE(flagsOffset)),
  };
}
