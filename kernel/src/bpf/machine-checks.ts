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
const capabilityBits = { netAdmin: 12n, sysAdmin: 21n, perfmon: 38n, bpf: 39n };

/** Checks that fail for who asks, not for the machine. */
const ofPrivilege: ReadonlySet<string> = new Set(['privilege', 'processes']);

const becomeRoot = 'Run it as root, with sudo say.';
/** What to do for one whom the kernel takes for somebody in a container. */
export const leaveContainer = 'Run it as root of the machine, not of a container.';

/** Looks at everything that capture needs, and changes nothing. Does not load BPF programs. */
export function checkMachine(facts: MachineFacts = readMachine()): readonly MachineCheck[] {
  const checks = [
    checkKernel,
    checkTypes,
    checkPrivilege,
    checkProcesses,
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
  const code = ofPrivilege.has(failed.name) ? 'PERMISSION_DENIED' : 'SOURCE_UNAVAILABLE';
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

function checkPrivilege({ capabilities, ownUsers, rootCgroup }: MachineFacts): MachineCheck {
  const has = (bit: bigint): boolean => ((capabilities >> bit) & 1n) === 1n;
  const loads = has(capabilityBits.sysAdmin) || (has(capabilityBits.bpf) && has(capabilityBits.perfmon));
  // Before Linux 6.9 CAP_SYS_ADMIN does not stand in for it.
  const attaches = rootCgroup === undefined || has(capabilityBits.netAdmin);
  const refused = (finding: string, remedy: string): MachineCheck => ({
    name: 'privilege',
    ok: false,
    finding,
    remedy,
  });
  if (!loads) return refused('This process may not load BPF programs', becomeRoot);
  if (ownUsers) {
    return refused(
      'This process may not load BPF programs: it is root in a user namespace only',
      leaveContainer,
    );
  }
  if (!attaches)
    return refused('This process may not attach BPF programs to cgroups (CAP_NET_ADMIN)', becomeRoot);
  return { name: 'privilege', ok: true, finding: 'This process may load BPF programs', remedy: becomeRoot };
}

function checkProcesses({ ownProcesses }: MachineFacts): MachineCheck {
  return {
    name: 'processes',
    ok: !ownProcesses,
    finding: ownProcesses
      ? 'This process is in a PID namespace, in which processes have other numbers than on the machine'
      : 'This process sees those of the whole machine',
    remedy: leaveContainer,
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
    remedy: 'Mount it: `mount -t bpf -o mode=0700 bpf /sys/fs/bpf`.',
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
