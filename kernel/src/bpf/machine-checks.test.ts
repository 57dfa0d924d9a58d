import { describeError, isCamflowError } from '@camflow/api';
import { expect, test } from 'vitest';
import { checkMachine, requireMachine } from './machine-checks.ts';
import type { MachineFacts } from './machine-facts.ts';

const able: MachineFacts = {
  release: '6.1.0-49-cloud-amd64',
  types: true,
  capabilities: (1n << 41n) - 1n,
  ownUsers: false,
  ownProcesses: false,
  securityModules: ['lockdown', 'capability', 'bpf'],
  lockdown: 'none',
  bpffs: true,
  rootCgroup: '/sys/fs/cgroup',
  libbpfProblem: undefined,
  object: '/somewhere/camflow.bpf.o',
  objectThere: true,
};

function refusal(lacking: Partial<MachineFacts>): string | undefined {
  try {
    requireMachine({ ...able, ...lacking });
    return undefined;
  } catch (error) {
    if (!isCamflowError(error)) throw error;
    return `${error.code}: ${describeError(error)}`;
  }
}

test('a machine that has everything is taken', () => {
  expect(refusal({})).toBe(undefined);
  expect(refusal({ release: '7.0' })).toBe(undefined);
  // What a process needs at least: CAP_BPF and CAP_PERFMON, and CAP_NET_ADMIN where there are cgroups.
  expect(refusal({ capabilities: (1n << 12n) | (1n << 38n) | (1n << 39n) })).toBe(undefined);
  expect(refusal({ capabilities: (1n << 38n) | (1n << 39n), rootCgroup: undefined })).toBe(undefined);
  expect(refusal({ lockdown: 'integrity' })).toBe(undefined);
});

test.for<[Partial<MachineFacts>, RegExp]>([
  [
    { release: '5.15.0' },
    /^SOURCE_UNAVAILABLE: Linux 5\.15\.0 is too old for capture by BPF programs\. Boot a kernel of 6\.1 or later\.$/,
  ],
  [{ release: '6.0.19' }, /is too old/],
  [{ types: false }, /^SOURCE_UNAVAILABLE: .*does not describe its types \(BTF\)\. Boot a kernel built with/],
  [{ capabilities: 0n }, /^PERMISSION_DENIED: This process may not load BPF programs\. Run it as root, /],
  [{ capabilities: 1n << 39n }, /^PERMISSION_DENIED/],
  [
    { capabilities: (1n << 21n) | (1n << 38n) | (1n << 39n) },
    /^PERMISSION_DENIED: This process may not attach .* cgroups \(CAP_NET_ADMIN\)\. Run it as root, /,
  ],
  [
    { ownUsers: true },
    /^PERMISSION_DENIED: .* root in a user namespace only\. Run it as root of the machine, not of a container\.$/,
  ],
  [
    { ownProcesses: true },
    /^PERMISSION_DENIED: This process is in a PID namespace.*\. Run it as root of the machine, not of a container\.$/,
  ],
  [{ securityModules: undefined }, /^SOURCE_UNAVAILABLE: .*cannot be read.*Mount it: `mount -t securityfs /],
  [{ lockdown: 'confidentiality' }, /^SOURCE_UNAVAILABLE: .*lockdown is confidentiality\. Boot without/],
  [{ bpffs: false }, /^SOURCE_UNAVAILABLE: No BPF file system.*Mount it: `mount -t bpf /],
  [
    { libbpfProblem: 'libbpf.so.1 cannot be loaded' },
    /^SOURCE_UNAVAILABLE: libbpf\.so\.1 cannot be loaded\. Install libbpf: /,
  ],
  [
    { objectThere: false },
    /^SOURCE_UNAVAILABLE: \/somewhere\/camflow\.bpf\.o is missing\. Install clang, .* `pnpm build`\.$/,
  ],
])('a machine without %o is refused in one sentence with what to do', ([lacking, sentence]) => {
  expect(refusal(lacking)).toMatch(sentence);
});

test('where no cgroups are mounted, packets are what is missing, and nothing is refused', () => {
  const check = checkMachine({ ...able, rootCgroup: undefined }).find(({ name }) => name === 'cgroups')!;
  expect(check.ok).toBe(true);
  expect(check.finding).toBe('No cgroups of version 2 are mounted: no packets can be recorded');
});

test('where only bpf is missing among the security modules, what stands in is named, and nothing is refused', () => {
  const facts = { ...able, securityModules: ['lockdown', 'capability'] };
  const check = checkMachine(facts).find(({ name }) => name === 'security modules')!;
  expect(check.ok).toBe(true);
  expect(check.finding).toBe(
    'bpf is not among the active security modules (lockdown,capability): the functions that call the hooks are used instead',
  );
});
