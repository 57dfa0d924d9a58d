import type { FieldValue } from '../records/field-value.ts';
import type { Random } from '../records/random.ts';
import type { StoryKernel, StoryProcess } from './story-kernel.ts';
import type { StoryNode } from './story-node.ts';

/** Security contexts that the nodes of a story carry: [secid, text]. */
export const storySecurityContexts: readonly (readonly [secid: number, text: string])[] = [
  [1, 'kernel'],
  [2, 'unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023'],
  [3, 'system_u:object_r:user_tmp_t:s0'],
  [4, 'docker-default (enforce)'],
];

const namespaces = {
  utsns: 4_026_531_838,
  ipcns: 4_026_531_839,
  mntns: 4_026_531_841,
  pidns: 4_026_531_836,
  netns: 4_026_531_840,
  cgroupns: 4_026_531_835,
};
const environment = ['PATH=/usr/bin:/bin', 'HOME=/home/ada', 'LANG=fr_FR.UTF-8', 'PS1=\\u@\\h "\\w"\n$ '];

/** The things that chapters act with: processes, files and sockets, made through the kernel of the story. */
export class World {
  readonly kernel: StoryKernel;
  readonly random: Random;
  /** The shell from which everything is started. */
  readonly shell: StoryProcess;
  readonly #cpus: number;
  #pid = 800;
  #inode = 262_144;

  constructor(kernel: StoryKernel, random: Random, cpus: number) {
    this.kernel = kernel;
    this.random = random;
    this.#cpus = cpus;
    this.shell = this.#process();
    kernel.run(this.shell);
    kernel.name('/usr/bin/bash', this.shell.memory);
    this.shell.task.fields.name_id = this.shell.memory.fields.name_id!;
  }

  /** A file, named by its path unless told otherwise. */
  file(path: string, type = 'file', mode = 0o100644): StoryNode {
    const node = this.inode(type, mode);
    this.kernel.name(path, node);
    return node;
  }

  /** An inode without a name: a pipe, a socket. */
  inode(type: string, mode: number): StoryNode {
    const ino = ++this.#inode + (this.random.chance(0.02) ? 0x1_0000_0000 : 0);
    const fields = { ino, mode, uid: 1000, gid: 1000, secid: 3 };
    return this.kernel.node(type, { ...fields, sb_uuid: '5c1a39f0-7d3e-4b0a-9a51-0c54ec1e77aa' });
  }

  /** Forks a process from another one. */
  fork(parent: StoryProcess, flags = 0x120_0011): StoryProcess {
    const child = this.#process();
    this.kernel.run(parent);
    this.kernel.generates('clone_mem', child.memory, { flags });
    this.kernel.relate('memory_read', parent.memory, parent.task, { flags });
    this.kernel.relate('clone', parent.task, child.task, { flags });
    if (parent.memory.fields.name_id) child.memory.fields.name_id = parent.memory.fields.name_id;
    return child;
  }

  /** Starts a program: fork, exec, arguments and environment, loader and library. The process then runs. */
  start(
    program: string,
    args: readonly (string | Uint8Array)[],
    parent: StoryProcess = this.shell,
  ): StoryProcess {
    const { kernel } = this;
    const child = this.fork(parent);
    kernel.run(child);
    const image = this.file(program, 'file', 0o100755);
    kernel.uses('perm_check', image, { flags: 0x21 });
    kernel.uses('open', image, { flags: 0x8000 });
    kernel.relate('exec', image, child.memory);
    for (const value of [program, ...args]) kernel.relate('arg', this.#argument('argv', value), child.memory);
    for (const value of environment) kernel.relate('env', this.#argument('envp', value), child.memory);
    kernel.generates('exec_task', child.memory);
    kernel.name(program, child.memory);
    child.task.fields.name_id = child.memory.fields.name_id!;
    kernel.uses('mmap_private', image, { flags: 0x875, offset: 4096 });
    const library = this.file('/usr/lib/x86_64-linux-gnu/libc.so.6', 'file', 0o100755);
    kernel.uses('open', library);
    kernel.uses('read', library, { offset: 0 });
    kernel.uses('mmap_private', library, { flags: 0x875 });
    return child;
  }

  /** Ends a process; seen from the shell. */
  exit(process: StoryProcess): void {
    this.kernel.run(this.shell);
    this.kernel.ends('terminate_task', process.task);
    this.kernel.ends('terminate_proc', process.memory);
  }

  #process(): StoryProcess {
    const pid = ++this.#pid;
    const owner = { uid: 1000, gid: 1000, secid: this.random.pick([0, 1, 2, 4]) };
    const memory = this.kernel.node('process_memory', { ...owner, tgid: pid });
    const numbers = {
      pid,
      vpid: pid,
      stime: this.random.below(90_000),
      vm: 24_000 + this.random.below(90_000),
    };
    const usage = { rss: 3_400 + this.random.below(4_000), hw_vm: 120_000, hw_rss: 9_000, wbytes: 0 };
    const task: Record<string, FieldValue> = { ...owner, ...numbers, ...usage, ...namespaces };
    return { task: this.kernel.node('task', task), memory, cpu: this.random.below(this.#cpus) };
  }

  #argument(type: 'argv' | 'envp', value: string | Uint8Array): StoryNode {
    const length = typeof value === 'string' ? Buffer.byteLength(value) : value.length;
    const bytes = Buffer.from(value as string).subarray(0, 4095);
    return this.kernel.node(type, { value: bytes, length, truncated: length > 4095 ? 1 : 0 });
  }
}
