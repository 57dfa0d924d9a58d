import { spawnSync } from 'node:child_process';

/** Debian packages that system tests use, each with a program or file whose presence shows that it is there. */
const packages = [
  { name: 'mosquitto', probe: ['mosquitto', '-h'] },
  { name: 'mosquitto-clients', probe: ['mosquitto_sub', '--help'] },
  { name: 'openssl', probe: ['openssl', 'version'] },
  { name: 'systemd', probe: ['systemd-analyze', '--version'] },
  { name: 'python3-prov', probe: ['/usr/bin/python3', '-c', 'import prov.model'] },
  { name: 'clang', probe: ['clang', '--version'] },
  { name: 'llvm', probe: ['llvm-strip', '--version'] },
  { name: 'bpftool', probe: ['/usr/sbin/bpftool', 'version'] },
  { name: 'logrotate', probe: ['/usr/sbin/logrotate', '--version'] },
  { name: 'groff-base', probe: ['groff', '--version'] },
  { name: 'zsh', probe: ['zsh', '--version'] },
  { name: 'gcc', probe: ['gcc', '--version'] },
  // libbpf-dev brings the C library's headers too, which the workloads of the guest are compiled with.
  { name: 'libbpf-dev', probe: ['/bin/sh', '-c', 'test -e /usr/include/bpf/libbpf.h'] },
];

function isPresent([program, ...args]) {
  const { error, status } = spawnSync(program, args, { stdio: 'ignore' });
  return error === undefined && (status === 0 || !args.includes('-c'));
}

function run(program, args) {
  const environment = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const { status, error } = spawnSync(program, args, {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: environment,
  });
  if (error || status !== 0) throw new Error(`${program} ${args.join(' ')} failed`, { cause: error });
}

/** Installs the packages that are missing, through apt. Needs root. */
export function installSystemPackages() {
  const missing = packages.filter(({ probe }) => !isPresent(probe)).map(({ name }) => name);
  if (missing.length === 0) return;
  console.log(`installing for system tests: ${missing.join(' ')}`);
  run('apt-get', ['update', '-q']);
  run('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...missing]);
}
