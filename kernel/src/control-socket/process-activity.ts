import { readFileSync, statSync } from 'node:fs';
import { abiBpf1, CamflowError, fieldOf, nodeTypeNamed } from '@camflow/api';
import type { Channel } from '../bpf/channel.ts';
import { askProcess } from '../bpf/flag-requests.ts';
import { readStructure } from '../bpf/layout.ts';
import { goneProcess, type OpenProcess } from './peer-process.ts';

/** More than the programs keep of a task; the kernel writes as much as there is. */
const roomForTask = 4096;

const shape = abiBpf1.shapes.get('task')!;
const at = (field: string): number => fieldOf('task', field, abiBpf1.shapes).offset;
const namespaces = [
  ['utsns', 'uts'],
  ['ipcns', 'ipc'],
  ['mntns', 'mnt'],
  ['pidns', 'pid'],
  ['netns', 'net'],
  ['cgroupns', 'cgroup'],
] as const;

/** What every identifier of this start of the machine has in common. */
export interface Identity {
  readonly machineId: number;
  readonly bootId: number;
}

/**
 * The record of the activity that stands for a process: its first thread, as the BPF programs know it.
 * @throws CamflowError `DISCLOSURE_REFUSED` where the process is gone, or the programs never saw it
 */
export function processActivity(
  channel: Channel,
  process: OpenProcess,
  { machineId, bootId }: Identity,
  epoch: number,
): Uint8Array {
  const { pid } = process;
  const { id, step } = taskNode(channel, process);
  const record = new Uint8Array(shape.size);
  const view = new DataView(record.buffer);
  view.setBigUint64(at('type'), nodeTypeNamed('task')!.code, true);
  view.setBigUint64(at('id'), id, true);
  view.setUint32(at('boot_id'), bootId, true);
  view.setUint32(at('machine_id'), machineId, true);
  view.setUint32(at('version'), Number(step >> 1n), true);
  view.setUint32(at('epoch'), epoch, true);
  view.setUint32(at('pid'), pid, true);
  const { uid, gid, vpid } = statusOf(pid);
  view.setUint32(at('vpid'), vpid, true);
  view.setUint32(at('uid'), uid, true);
  view.setUint32(at('gid'), gid, true);
  for (const [field, name] of namespaces) view.setUint32(at(field), namespaceOf(pid, name), true);
  return record;
}

interface TaskNode {
  readonly id: bigint;
  readonly step: bigint;
}

function taskNode(channel: Channel, { pid, pidfd }: OpenProcess): TaskNode {
  const known = lookUpTask(channel, pidfd);
  if (known !== undefined) return known;
  // What is not tracked leaves the hooks early, and has no node until it is asked for.
  askProcess(channel, pid);
  const made = lookUpTask(channel, pidfd);
  if (made !== undefined) return made;
  throw new CamflowError('DISCLOSURE_REFUSED', `Nothing was captured of process ${pid}`, {
    hint: 'Capture may be disabled: see camflow -s.',
  });
}

function lookUpTask(channel: Channel, pidfd: number): TaskNode | undefined {
  const value = channel.use('cf_tasks', (map) => map.get(pidfd, roomForTask));
  const node = value && readStructure('cf_machine', value);
  return node === undefined || node.id === 0n ? undefined : node;
}

function statusOf(pid: number): { readonly uid: number; readonly gid: number; readonly vpid: number } {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/status`, 'latin1');
  } catch {
    throw goneProcess(pid);
  }
  const numbers = (name: string): number[] =>
    (new RegExp(`^${name}:\\s*(.*)$`, 'm').exec(text)?.[1] ?? '').split(/\s+/).map(Number);
  return { uid: numbers('Uid')[0] ?? 0, gid: numbers('Gid')[0] ?? 0, vpid: numbers('NSpid').at(-1) ?? pid };
}

function namespaceOf(pid: number, name: string): number {
  try {
    return statSync(`/proc/${pid}/ns/${name}`).ino;
  } catch {
    return 0;
  }
}
