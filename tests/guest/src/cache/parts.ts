import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { GuestError } from '../guest-error.ts';
import { baseImage } from '../image/base-image.ts';
import { type GuestKernel, guestKernels } from '../kernels.ts';
import { cached, cacheFolder, shortHash } from './cache.ts';
import { openPackages, type Packages } from './packages.ts';

/** What a guest is booted from; absolute paths. */
export interface GuestParts {
  /** Root of a tree that holds QEMU and every library it uses. */
  readonly qemu: string;
  /** The kernel, compressed as Debian ships it. */
  readonly kernel: string;
  /** Folder with those of the kernel's modules that a guest may want, as Debian ships them. */
  readonly modules: string;
  /** Disk image with Debian's user space and node. Never written to. */
  readonly base: string;
}

/** Packages of the guest's user space; what they depend on comes along. */
const userland = [
  ...['base-files', 'base-passwd', 'usr-is-merged', 'bash', 'coreutils', 'dash', 'diffutils', 'findutils'],
  ...[
    'grep',
    'gzip',
    'iproute2',
    'kmod',
    'less',
    'mawk',
    'mount',
    'ncurses-base',
    'procps',
    'python3-minimal',
    'sed',
    'tar',
  ],
  ...['sudo', 'util-linux', 'wget', 'libbpf1', 'libstdc++6'],
];

/** What containers are made of. */
const modules = ['overlay'] as const;

const userlandName = `userland-${shortHash(userland.join())}`;

function kernelName(kernel: GuestKernel): string {
  return `kernel-${kernel}-${shortHash(modules.join())}`;
}

function qemuName(kernel: GuestKernel): string {
  return `qemu-${guestKernels[kernel].release ?? 'bookworm'}`;
}

/**
 * Why a test cannot have a guest here, or undefined where it can: everything is fetched already, or
 * `CAMFLOW_TEST_SYSTEM=1` allows fetching it.
 */
export function whyNoGuest(kernel: GuestKernel): string | undefined {
  if (process.env['CAMFLOW_TEST_SYSTEM'] === '1') return undefined;
  const names = [qemuName(kernel), kernelName(kernel), userlandName];
  if (names.every((name) => existsSync(path.join(cacheFolder(), name)))) return undefined;
  return `no guest with kernel ${kernel} is prepared: run pnpm vm --prepare`;
}

/**
 * Fetches and builds what a guest needs; takes a moment once, and nothing afterwards. The parts stay as they
 * are until their folder in the cache is removed.
 */
export async function prepareParts(kernel: GuestKernel): Promise<GuestParts> {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new GuestError('the guest runs on x86-64 Linux only: it uses the node of the host');
  }
  const state = await mkdtemp(path.join(tmpdir(), 'camflow-packages-'));
  let opened: Promise<Packages> | undefined;
  const packages = (): Promise<Packages> => {
    opened ??= openPackages(state);
    return opened;
  };
  const { release } = guestKernels[kernel];
  try {
    const qemu = await cached(qemuName(kernel), async (folder) =>
      (await packages()).unpackRoot(['qemu-system-x86'], folder, release),
    );
    const kernels = await cached(kernelName(kernel), async (folder) =>
      fetchKernel(await packages(), folder, release),
    );
    const root = await cached(userlandName, async (folder) =>
      (await packages()).unpackRoot(userland, folder),
    );
    return {
      qemu,
      kernel: path.join(kernels, 'vmlinuz'),
      modules: path.join(kernels, 'modules'),
      base: await baseImage(root),
    };
  } finally {
    await rm(state, { recursive: true, force: true });
  }
}

/** The image package is named after the exact version, which the package without a version depends on. */
async function fetchKernel(packages: Packages, folder: string, release?: string): Promise<void> {
  const names = await packages.dependenciesOf('linux-image-cloud-amd64', release);
  const image = names.find((name) => name.startsWith('linux-image-'));
  if (image === undefined) throw new GuestError('linux-image-cloud-amd64 names no kernel image');
  const unpacked = path.join(folder, 'unpacked');
  await packages.unpackOne(image, unpacked, release);
  const boot = path.join(unpacked, 'boot');
  for (const name of await readdir(boot)) {
    if (/^(vmlinuz|config)-/.test(name)) {
      await rename(path.join(boot, name), path.join(folder, name.slice(0, name.indexOf('-'))));
    }
  }
  await mkdir(path.join(folder, 'modules'));
  for (const file of await readdir(unpacked, { recursive: true })) {
    const [, module] = /^(.+)\.ko(\.\w+)?$/.exec(path.basename(file)) ?? [];
    if (modules.some((name) => name === module)) {
      await rename(path.join(unpacked, file), path.join(folder, 'modules', path.basename(file)));
    }
  }
  await rm(unpacked, { recursive: true });
}
