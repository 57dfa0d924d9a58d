import { readFileSync } from 'node:fs';
import path from 'node:path';
import { checkMachine, type MachineFacts } from '@camflow/kernel';
import { describe, expect, test } from 'vitest';
import { repositoryRoot } from '../structure/workspace.ts';

/** A unit as systemd reads it, as far as this needs it: what is said of a name more than once adds up. */
function settingsOf(unit: string): Map<string, string[]> {
  const text = readFileSync(path.join(repositoryRoot, 'config/systemd', unit), 'utf8');
  const settings = new Map<string, string[]>();
  for (const [, name, words] of text.matchAll(/^(\w+)=(.*)$/gm)) {
    settings.set(name!, [...(settings.get(name!) ?? []), ...words!.split(/\s+/)]);
  }
  return settings;
}

/** The kernel's numbers of capabilities. */
const bits: Readonly<Record<string, bigint>> = {
  CAP_DAC_OVERRIDE: 1n,
  CAP_NET_ADMIN: 12n,
  CAP_SYS_PTRACE: 19n,
  CAP_SYS_ADMIN: 21n,
  CAP_AUDIT_CONTROL: 30n,
  CAP_SYSLOG: 34n,
  CAP_PERFMON: 38n,
  CAP_BPF: 39n,
};

/** A machine on which all is well but for what a process may do. */
function machineWith(capabilities: bigint): MachineFacts {
  return {
    release: '6.1.0',
    types: true,
    capabilities,
    ownUsers: false,
    ownProcesses: false,
    securityModules: ['bpf'],
    lockdown: 'none',
    bpffs: true,
    rootCgroup: '/sys/fs/cgroup',
    libbpfProblem: undefined,
    object: 'camflow.bpf.o',
    objectThere: true,
  };
}

describe.for(['camflowd.service', 'camconfd.service'])('%s', (unit) => {
  const settings = settingsOf(unit);
  const capabilities = settings.get('CapabilityBoundingSet') ?? [];

  test('lets its program load BPF programs and attach them, also to cgroups, and see where AppArmor has its contexts', () => {
    const set = capabilities.reduce((sum, name) => sum | (1n << bits[name]!), 0n);
    const refused = checkMachine(machineWith(set)).filter(({ ok }) => !ok);
    expect(refused).toEqual([]);
    expect(capabilities).toEqual(expect.arrayContaining(['CAP_NET_ADMIN', 'CAP_SYSLOG', 'CAP_SYS_ADMIN']));
  });

  test('leaves it the call that does so', () => {
    const calls = settings.get('SystemCallFilter');
    // Where nothing is filtered everything is left.
    if (calls !== undefined) expect(calls).toContain('bpf');
  });

  test.for([
    ['ProtectKernelTunables', '/sys, and with it the BPF file system, is for reading only'],
    ['ProtectKernelLogs', 'CAP_SYSLOG is taken away'],
    ['PrivateUsers', 'capabilities hold in a user namespace of its own'],
    ['MemoryDenyWriteExecute', 'JavaScript cannot be compiled'],
  ])('does not say %s=: %s', ([name]) => {
    expect(settings.get(name!)).toBe(undefined);
  });

  test('has the folders of locks, state and outputs where all else is for reading only', () => {
    if (settings.get('ProtectSystem') === undefined) return;
    for (const kind of ['Runtime', 'State', 'Logs']) {
      expect(settings.get(`${kind}Directory`)).toEqual(['camflow']);
    }
  });
});
