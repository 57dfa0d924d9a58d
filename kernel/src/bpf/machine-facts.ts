import { existsSync, statSync } from 'node:fs';
import { release } from 'node:os';
import { describeError } from '@camflow/api';
import { rootCgroup } from '../libc/cgroup-folder.ts';
import { libbpf } from './libbpf.ts';
import { activeSecurityModules, objectFile } from './object-file.ts';
import { textOfFile } from './text-of-file.ts';

/** What is there of all that capture needs, as found, not judged. */
export interface MachineFacts {
  /** Of the kernel: `6.1.0-49-cloud-amd64`. */
  readonly release: string;
  /** Whether the kernel describes its types. */
  readonly types: boolean;
  /** The capabilities of this process, one bit each. */
  readonly capabilities: bigint;
  /** Whether it has a user namespace of its own: then its capabilities say nothing of the machine. */
  readonly ownUsers: boolean;
  /** Whether it has a PID namespace of its own: then the programs know it by another number than its own. */
  readonly ownProcesses: boolean;
  /** In their order; undefined where the list cannot be read. */
  readonly securityModules: readonly string[] | undefined;
  /** `none`, `integrity` or `confidentiality`. */
  readonly lockdown: string;
  /** Whether a BPF file system is mounted on /sys/fs/bpf. */
  readonly bpffs: boolean;
  /** Where the root of all cgroups is mounted; undefined where it is not. */
  readonly rootCgroup: string | undefined;
  /** Why libbpf cannot be used; undefined where it can. */
  readonly libbpfProblem: string | undefined;
  /** Path of the compiled programs for this kernel. */
  readonly object: string;
  readonly objectThere: boolean;
}

/** The inode that the kernel gives the PID namespace in which a machine starts. */
const firstPidNamespace = 0xefff_fffc;

/** Looks at the machine, and changes nothing. Does not load BPF programs. */
export function readMachine(): MachineFacts {
  const object = objectFile();
  return {
    release: release(),
    types: existsSync('/sys/kernel/btf/vmlinux'),
    capabilities: BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(textOfFile('/proc/self/status'))?.[1] ?? '0'}`),
    ownUsers: !/^(?:\s*0\s+0\s+4294967295\s*)?$/.test(textOfFile('/proc/self/uid_map')),
    ownProcesses: (namespaceOf('pid') ?? firstPidNamespace) !== firstPidNamespace,
    securityModules: activeSecurityModules(),
    lockdown: /\[(\w+)\]/.exec(textOfFile('/sys/kernel/security/lockdown'))?.[1] ?? 'none',
    bpffs: /^\S+ \/sys\/fs\/bpf bpf /m.test(textOfFile('/proc/mounts')),
    rootCgroup: rootCgroup(),
    libbpfProblem: libbpfProblem(),
    object,
    objectThere: existsSync(object),
  };
}

function libbpfProblem(): string | undefined {
  try {
    libbpf();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : describeError(error);
  }
}

/** The inode of a namespace of this process; undefined where the kernel has none of the kind. */
function namespaceOf(kind: string): number | undefined {
  try {
    return statSync(`/proc/self/ns/${kind}`).ino;
  } catch {
    return undefined;
  }
}
