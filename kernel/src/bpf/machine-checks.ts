import { CamflowError } from '@camflow/api';
import { type MachineFacts, readMachine } from './machine-facts.ts';

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
export function checkMachine(facts: MachineFacts = readMachine()): readonly MachineCheck[] {
  const checks = [
    checkKernel,
    checkTypes,
    checkPrivilege,
    checkModules,
    checkLockdown,
    checkBpffs,
    checkCgroups,
    checkLibbpf,
    checkObject,
  ];
  return checks.map((check) => check(facts));
}

/**
 * The first check that fails, as an error.
 * @throws CamflowError `PERMISSION_DENIED` or `SOURCE_UNAVAILABLE`
 */
export function requireMachine(facts: MachineFacts = readMachine()): void {
  const failed = checkMachine(facts).find(({ ok }) => !ok);
  if (failed === undefined) return;
  const code = failed.name === 'privilege' ? 'PERMISSION_DENIED' : 'SOURCE_UNAVAILABLE';
  throw new CamflowError(code, failed.finding, { hint: failed.remedy });
}

function checkKernel({ release }: MachineFacts): MachineCheck {
  const [major = 0, minor = 0] = release.split('.').map((part) => Number.parseInt(part, 10));
  const [oldestMajor, oldestMinor] = oldestKernel;
  const ok = major > oldestMajor || (major === oldestMajor && minor >= oldestMinor);
  return {
    name: 'kernel',
    ok,
    finding: ok ? `Linux ${release}` : `Linux ${release} is too old for capture by BPF programs`,
    remedy: `Boot a kernel of ${oldestKernel.join('.')} or later.`,
  };
}

function checkTypes({ types }: MachineFacts): MachineCheck {
  return {
    name: 'types',
    ok: types,
    finding: types ? 'The kernel describes its types' : 'The kernel does not describe its types (BTF)',
    remedy: 'Boot a kernel built with CONFIG_DEBUG_INFO_BTF, as those of current distributions are.',
  };
}

function checkPrivilege({ capabilities }: MachineFacts): MachineCheck {
  const has = (bit: bigint): boolean => ((capabilities >> bit) & 1n) === 1n;
  const ok = has(capabilityBits.sysAdmin) || (has(capabilityBits.bpf) && has(capabilityBits.perfmon));
  return {
    name: 'privilege',
    ok,
    finding: ok ? 'This process may load BPF programs' : 'This process may not load BPF programs',
    remedy: 'Run it as root, with sudo say.',
  };
}

function checkModules({ securityModules }: MachineFacts): MachineCheck {
  const list = securityModules?.join(',');
  const finding =
    securityModules === undefined
      ? 'The list of active security modules cannot be read from /sys/kernel/security/lsm'
      : securityModules.includes('bpf')
        ? `bpf is among the active security modules (${list}): its hooks are used`
        : `bpf is not among the active security modules (${list}): the functions that call the hooks are used instead`;
  return {
    name: 'security modules',
    ok: securityModules !== undefined,
    finding,
    remedy: 'Mount it: `mount -t securityfs securityfs /sys/kernel/security`.',
  };
}

function checkLockdown({ lockdown }: MachineFacts): MachineCheck {
  return {
    name: 'lockdown',
    ok: lockdown !== 'confidentiality',
    finding: `The kernel's lockdown is ${lockdown}`,
    remedy: 'Boot without lockdown=confidentiality: it keeps BPF programs from reading the kernel.',
  };
}

function checkBpffs({ bpffs }: MachineFacts): MachineCheck {
  return {
    name: 'bpffs',
    ok: bpffs,
    finding: bpffs
      ? 'BPF objects can be pinned under /sys/fs/bpf'
      : 'No BPF file system is mounted on /sys/fs/bpf',
    remedy: 'Mount it: `mount -t bpf bpf /sys/fs/bpf`.',
  };
}

/** Capture works without: all that is missing is what rules say of packets. */
function checkCgroups({ rootCgroup }: MachineFacts): MachineCheck {
  return {
    name: 'cgroups',
    ok: true,
    finding:
      rootCgroup === undefined
        ? 'No cgroups of version 2 are mounted: no packets can be recorded'
        : `Cgroups are mounted on ${rootCgroup}: packets can be recorded`,
    remedy: 'Mount them: `mount -t cgroup2 cgroup2 /sys/fs/cgroup`.',
  };
}

function checkLibbpf({ libbpfProblem }: MachineFacts): MachineCheck {
  return {
    name: 'libbpf',
    ok: libbpfProblem === undefined,
    finding: libbpfProblem ?? 'libbpf is installed',
    remedy: 'Install libbpf: `apt-get install libbpf1`, or `dnf install libbpf`.',
  };
}

function checkObject({ object, objectThere }: MachineFacts): MachineCheck {
  return {
    name: 'programs',
    ok: objectThere,
    finding: objectThere ? `The BPF programs are there (${fileName(object)})` : `${object} is missing`,
    remedy: 'Install clang, llvm, bpftool and libbpf-dev, and run `pnpm build`.',
  };
}

function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
