import { closeSync, readFileSync } from 'node:fs';
import { CamflowError, nodeTypeNamed } from '@camflow/api';
import { noSuchProcess } from '../libc/no-such-process.ts';
import { openPath } from '../libc/path-descriptor.ts';
import { attachEnds } from './attachments.ts';
import type { Channel } from './channel.ts';
import { underControlLock } from './control-lock.ts';
import {
  fileUuid,
  heldFlag,
  nodeFlags,
  nodeUuid,
  readStructure,
  requestOffsets,
  structures,
  writeStructure,
} from './layout.ts';
import { type NodeState, readNodeState } from './node-state.ts';
import { isOwnRecording } from './own-recording.ts';
import { runProgram } from './run-program.ts';

const kinds = { fd: 0, key: 1, process: 2 } as const;

/** What ends when it leaves memory, with what is said about it. */
const passing: readonly bigint[] = [nodeTypeNamed('pipe')!.code, nodeTypeNamed('socket')!.code];

/** Flags and taint to change: flags are cleared first, then set; taint is added. */
export interface FlagChange {
  /** Bits of `nodeFlags`. */
  readonly set?: number;
  readonly clear?: number;
  readonly taint?: bigint;
}

/** What tells a file from every other, over all the times that it is in memory. */
export interface FileKey {
  readonly inode: bigint;
  /** As the kernel numbers it: major << 20 | minor. */
  readonly device: number;
  readonly generation: number;
}

/** What is said about a file. */
export interface FileFlags {
  readonly key: FileKey;
  /** Bits of `nodeFlags`. */
  readonly flags: number;
  readonly taint: bigint;
  /** Number of its file system; zeros where that has none. */
  readonly uuid: Uint8Array;
}

/** The node of a file and what tells it from others. */
export interface FileState {
  readonly key: FileKey;
  /** Number of its file system; zeros where that has none. */
  readonly uuid: Uint8Array;
  readonly node: NodeState;
}

/**
 * The node of a file, after a change of what is said about it. It holds at once, also where capture is disabled, and
 * until it is changed again: the file need not stay in memory.
 *
 * @param file - a path, which leads through symbolic links, or a descriptor that is open in this process
 * @throws CamflowError `SYSTEM_CALL_FAILED` where there is no such file, or the programs have no room for its node or for
 * what is to be kept about it: nothing is said about it then
 */
export function askFile(channel: Channel, file: string | number, change?: FlagChange): FileState {
  // The programs find the file in the table of descriptors, where a mere place in the file tree is as good.
  const fd = typeof file === 'number' ? file : openPath(file);
  try {
    const answer = askKept(channel, { kind: kinds.fd, target: fd }, change);
    if (answer === undefined) throw noNode(file);
    return answer;
  } finally {
    if (fd !== file) closeSync(fd);
  }
}

/**
 * The node of a process's memory, after a change of what is said about the process: all of its threads, and their
 * memory. What it starts later is born with `tracked` and `propagate`.
 *
 * @throws CamflowError `SYSTEM_CALL_FAILED` where there is no such process
 */
export function askProcess(channel: Channel, pid: number, change?: FlagChange): NodeState {
  const answer = ask(channel, { kind: kinds.process, target: pid }, change);
  if (answer === undefined) throw noSuchProcess(pid);
  return answer.node;
}

/**
 * Changes what is said about a file that need not be in memory.
 * @param uuid - number of its file system, to be kept with it: 16 bytes
 * @throws CamflowError `SYSTEM_CALL_FAILED` where the programs have no room for it: nothing is said about it then
 */
export function changeFileFlags(
  channel: Channel,
  key: FileKey,
  change: FlagChange,
  uuid: Uint8Array = new Uint8Array(16),
): void {
  askKept(channel, { kind: kinds.key, target: 0, key, uuid }, change);
}

/** What is said about every file of which anything is said; what a recording of somebody's own reached is not. */
export function listFileFlags(channel: Channel): FileFlags[] {
  const own = isOwnRecording(channel);
  return channel.use('cf_files', (map) => {
    const found = new Map<string, FileFlags>();
    for (const bytes of map.keys(structures.cf_file_key.size)) {
      const value = map.get(bytes, structures.cf_file.size);
      if (value === undefined) continue;
      const { flags, taint } = readStructure('cf_file', value);
      const uuid = value.slice(fileUuid.offset, fileUuid.offset + fileUuid.bytes);
      const id = Buffer.from(bytes).toString('hex');
      found.set(id, { key: readKey(bytes, 0), flags: saidFlags(Number(flags), own), taint, uuid });
    }
    return [...found.values()].filter((each) => each.flags !== 0 || each.taint !== 0n);
  });
}

function saidFlags(flags: number, own: boolean): number {
  const { tracked, propagate } = nodeFlags;
  return own && (flags & heldFlag) === 0 ? flags & ~(tracked | propagate) : flags & ~heldFlag;
}

interface Question {
  readonly kind: number;
  readonly target: number;
  readonly key?: FileKey;
  readonly uuid?: Uint8Array;
}

/** Asks about a file. What is said about one that can come back into memory has to be kept until it does. */
function askKept(
  channel: Channel,
  question: Question,
  change: FlagChange | undefined,
): FileState | undefined {
  return underControlLock(() => {
    const answer = ask(channel, question, change);
    const { set = 0, taint = 0n } = change ?? {};
    if (answer === undefined || (set === 0 && taint === 0n) || passing.includes(answer.node.type))
      return answer;
    const key = keyBytes(answer.key);
    if (channel.use('cf_files', (map) => map.get(key, structures.cf_file.size)) !== undefined) return answer;
    // Its node, if it has one, hears that nothing is said.
    ask(channel, { kind: kinds.key, target: 0, key: answer.key }, { clear: set });
    throw new CamflowError('SYSTEM_CALL_FAILED', 'The programs have no room for one more file with a mark', {
      hint: 'Take marks away that are not needed: camflow --file says which a file has.',
    });
  });
}

function ask(channel: Channel, question: Question, change: FlagChange | undefined): FileState | undefined {
  return underControlLock(() =>
    channel.use('cf_request', (map) => {
      // State is made of what is asked for: its end must be noticed.
      attachEnds(channel);
      const bytes = new Uint8Array(structures.cf_request.size);
      const { kind, target, key, uuid } = question;
      const { set = 0, clear = 0, taint = 0n } = change ?? {};
      writeStructure('cf_request', bytes, { kind, target, set, clear, taint, change: change ? 1 : 0 });
      if (key !== undefined) bytes.set(keyBytes(key), requestOffsets.key);
      if (uuid !== undefined) bytes.set(uuid, requestOffsets.uuid);
      map.set(0, bytes);
      if (kind === kinds.process) readFileSync(`${channel.linkFolder}/cf_ask_process`);
      else runProgram(channel, 'cf_ask_file');
      const answer = map.need(0, structures.cf_request.size);
      if (readStructure('cf_request', answer).found === 0n) return undefined;
      const uuidAt = requestOffsets.node + nodeUuid.offset;
      return {
        key: readKey(answer, requestOffsets.key),
        uuid: answer.slice(uuidAt, uuidAt + nodeUuid.bytes),
        node: readNodeState(answer, requestOffsets.node),
      };
    }),
  );
}

function noNode(file: string | number): CamflowError {
  const isPath = typeof file === 'string';
  return new CamflowError(
    'SYSTEM_CALL_FAILED',
    `The programs have no node of ${isPath ? file : `descriptor ${file}`}`,
    { hint: isPath ? 'They may be out of memory: see camflow --drop.' : 'Give one that is open.' },
  );
}

function keyBytes({ inode: ino, device, generation }: FileKey): Uint8Array {
  const bytes = new Uint8Array(structures.cf_file_key.size);
  writeStructure('cf_file_key', bytes, { ino, device, generation });
  return bytes;
}

function readKey(bytes: Uint8Array, at: number): FileKey {
  const { ino, device, generation } = readStructure('cf_file_key', bytes, at);
  return { inode: ino, device: Number(device), generation: Number(generation) };
}
