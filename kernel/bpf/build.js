// SPDX-License-Identifier: GPL-2.0-only
// Builds the programs in this folder into dist/bpf: camflow.bpf.o for every kernel in which bpf is an active
// security module, camflow-fexit.bpf.o for every other. Where they cannot be built that is said, and with --required it
// is a failure: what is published must hold them, and as the sources are now.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const sources = path.dirname(fileURLToPath(import.meta.url));
const output = path.join(sources, '../dist/bpf');
const variants = { 'camflow.bpf.o': [], 'camflow-fexit.bpf.o': ['-DCF_FEXIT'] };
// /usr/sbin, where Debian keeps bpftool, is not on every user's path.
const environment = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin` };
const flags = [
  ...['-target', 'bpf', '-mcpu=v3', '-D__TARGET_ARCH_x86', '-std=gnu11', '-O2', '-g'],
  ...['-Wall', '-Wextra', '-Werror', '-Wno-unused-parameter'],
  // The same sources make the same objects, wherever they lie: what they are called in them does not say where.
  `-ffile-prefix-map=${sources}=.`,
];

/** Why a tool does not run here; undefined where it does. */
function missing(program, ...args) {
  return spawnSync(program, args, { stdio: 'ignore', env: environment }).status === 0 ? undefined : program;
}

function run(program, args) {
  const { status, error } = spawnSync(program, args, {
    stdio: ['ignore', 'inherit', 'inherit'],
    cwd: sources,
    env: environment,
  });
  if (error || status !== 0) throw new Error(`${program} ${args.join(' ')} failed`, { cause: error });
}

/** The file that defines the maps comes first: the linker finds them only then. */
function inLinkOrder(names) {
  return names.sort(
    (a, b) => Number(b === 'record.bpf.c') - Number(a === 'record.bpf.c') || (a < b ? -1 : 1),
  );
}

function build(object, defines) {
  mkdirSync(output, { recursive: true });
  const folder = mkdtempSync(path.join(output, 'build-'));
  try {
    const names = inLinkOrder(readdirSync(sources).filter((name) => name.endsWith('.bpf.c')));
    const parts = names.map((name) => {
      const part = path.join(folder, name.replace(/\.c$/, '.o'));
      run('clang', [...flags, ...defines, '-c', path.join(sources, name), '-o', part]);
      run('llvm-strip', ['-g', part]);
      return part;
    });
    const linked = path.join(folder, object);
    run('bpftool', ['gen', 'object', linked, ...parts]);
    renameSync(linked, path.join(output, object));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const reason =
  missing('clang', '--version') ??
  missing('llvm-strip', '--version') ??
  missing('bpftool', 'version') ??
  (existsSync('/usr/include/bpf/bpf_helpers.h') ? undefined : 'libbpf-dev');
const built = Object.keys(variants).every((object) => existsSync(path.join(output, object)));
if (reason === undefined) {
  for (const [object, defines] of Object.entries(variants)) build(object, defines);
} else if (process.argv.includes('--required')) {
  console.error(
    `The BPF programs cannot be built: there is no ${reason} here. ` +
      'On Debian install what builds them with: apt-get install clang llvm bpftool libbpf-dev',
  );
  process.exitCode = 1;
} else if (built) console.log(`The BPF programs stay as they were built before: there is no ${reason} here.`);
else
  console.log(
    `The BPF programs are not built, so capture on stock kernels is not there: there is no ${reason} here.`,
  );
