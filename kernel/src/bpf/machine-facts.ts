import { existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { describeError } from '@camflow/api';
import { rootCgroup } from '../libc/cgroup-folder.ts';
import { libbpf } from './libbpf.ts';
import { activeSecurityModules, objectFile } from './object-file.ts';

/** What is there of all that capture needs, as found, not judged. */
export interface MachineFacts {
  /** Of the kernel: `6.1.0-49-cloud-amd64`. */
  readonly release: string;
  /** Whether the kernel describes its types. */
  readonly types: boolean;
  /** The capabilities of this process, one bit each. */
  readonly capabilities: bigint;
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

/** Looks at the machine, and changes nothing. Does not load BPF programs. */
export function readMachine(): MachineFacts {
  const object = objectFile();
  return {
    release: release(),
    types: existsSync('/sys/kernel/btf/vmlinux'),
    capabilities: BigInt(`0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(read('/proc/self/status'))?.[1] ?? '0'}`),
    securityModules: activeSecurityModules(),
    lockdown: /\[(\w+)\]/.exec(read('/sys/kernel/security/lockdown'))?.[1] ?? 'none',
    bpffs: /^\S+ \/sys\/fs\/bpf bpf /m.test(read('/proc/mounts')),
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

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
