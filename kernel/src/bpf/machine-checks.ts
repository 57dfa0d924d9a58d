import { existsSync, readFileSync } from 'node:fs';
import { release } from 'node:os';
import { CamflowError, describeError } from '@camflow/api';
import { libbpf } from './libbpf.ts';
import { activeSecurityModules, objectFile } from './object-file.ts';

/** One thing that capture needs of the machine. */
export interface MachineCheck {
  readonly name: string;
  readonly ok: boolean;
  /** What was found: one sentence without its full stop. */
  readonly finding: string;
  /** What to do where it is not as it must be: a sentence. */
  readonly remedy: string;
}

const oldestKernel = [6, 1] as const;
const capabilityBits = { sysAdmin: 21n, perfmon: 38n, bpf: 39n };

/** Looks at everything that capture needs, and changes nothing. Does not load BPF programs. */
export function checkMachine(): readonly MachineCheck[] {
  return [
    checkKernel(),
    checkTypes(),
    checkPrivilege(),
    checkModules(),
    checkLockdown(),
    checkBpffs(),
    checkLibbpf(),
    checkObject(),
  ];
}

/**
 * The first check that fails, as an error.
 * @throws CamflowError `PERMISSION_DENIED` or `SOURCE_UNAVAILABLE`
 */
export function requireMachine(): void {
  const failed = checkMachine().find(({ ok }) => !ok);
  if (failed === undefined) return;
  const code = failed.name === 'privilege' ? 'PERMISSION_DENIED' : 'SOURCE_UNAVAILABLE';
  throw new CamflowError(code, failed.finding, { hint: failed.remedy });
}

function checkKernel(): MachineCheck {
  const version = release();
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  const [oldestMajor, oldestMinor] = oldestKernel;
  const ok = major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
  return {
    name: 'kernel',
    ok,
    finding: ok ? `Linux ${version}` : `Linux ${version} is too old`,
    remedy: `Boot a kernel of ${oldestKernel.join('.')} or later.`,
  };
}

function checkTypes(): MachineCheck {
  const ok = existsSync('/sys/kernel/btf/vmlinux');
  return {
    name: 'types',
    ok,
    finding: ok ? 'The kernel describes its types' : 'The kernel does not describe its types (BTF)',
    remedy: 'Boot a kernel built with CONFIG_DEBUG_INFO_BTF, as those of current distributions are.',
  };
}

function checkPrivilege(): MachineCheck {
  const capabilities = BigInt(
    `0x${/^CapEff:\s*([0-9a-f]+)$/m.exec(read('/proc/self/status') ?? '')?.[1] ?? '0'}`,
  );
  const has = (bit: bigint): boolean => ((capabilities >> bit) & 1n) === 1n;
  const ok = has(capabilityBits.sysAdmin) || (has(capabilityBits.bpf) && has(capabilityBits.perfmon));
  return {
    name: 'privilege',
    ok,
    finding: ok ? 'This process may load BPF programs' : 'This process may not load BPF programs',
    remedy: 'Run it as root, with sudo say.',
  };
}

function checkModules(): MachineCheck {
  const modules = activeSecurityModules();
  const ok = modules !== undefined;
  const list = modules?.join(',');
  return {
    name: 'security modules',
    ok,
    finding: !ok
      ? 'The list of active security modules cannot be read from /sys/kernel/security/lsm'
      : modules.includes('bpf')
        ? `bpf is among the active security modules (${list}): its hooks are used`
        : `bpf is not among the active security modules (${list}): the functions that call the hooks are used instead`,
    remedy: 'Mount it: `mount -t securityfs securityfs /sys/kernel/security`.',
  };
}

function checkLockdown(): MachineCheck {
  const mode = /\[(\w+)\]/.exec(read('/sys/kernel/security/lockdown') ?? '')?.[1] ?? 'none';
  const ok = mode !== 'confidentiality';
  return {
    name: 'lockdown',
    ok,
    finding: `The kernel's lockdown is ${mode}`,
    remedy: 'Boot without lockdown=confidentiality: it keeps BPF programs from reading the kernel.',
  };
}

function checkBpffs(): MachineCheck {
  const mounts = read('/proc/mounts') ?? '';
  const ok = /^\S+ \/sys\/fs\/bpf bpf /m.test(mounts);
  return {
    name: 'bpffs',
    ok,
    finding: ok
      ? 'BPF objects can be pinned under /sys/fs/bpf'
      : 'No BPF file system is mounted on /sys/fs/bpf',
    remedy: 'Mount it: `mount -t bpf bpf /sys/fs/bpf`.',
  };
}

function checkLibbpf(): MachineCheck {
  try {
    libbpf();
    return { name: 'libbpf', ok: true, finding: 'libbpf is installed', remedy: '' };
  } catch (error) {
    const hint = (error as CamflowError).hint ?? '';
    return {
      name: 'libbpf',
      ok: false,
      finding: (error as Error).message ?? describeError(error),
      remedy: hint,
    };
  }
}

function checkObject(): MachineCheck {
  const ok = existsSync(objectFile());
  return {
    name: 'programs',
    ok,
    finding: ok ? 'The BPF programs are there' : `${objectFile()} is missing`,
    remedy: 'Install clang, llvm, bpftool and libbpf-dev, and build the project.',
  };
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
