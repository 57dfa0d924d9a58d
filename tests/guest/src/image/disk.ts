import { open, readdir, stat, truncate } from 'node:fs/promises';
import path from 'node:path';
import { runTool } from '../tool.ts';

const mebibyte = 1 << 20;

/** The kernel's name for the partition of a bootable disk, made from the signature in its first sector. */
export const rootPartition = 'PARTUUID=ca3f1001-01';
const diskSignature = 0xca3f1001;

/** How an image is made. */
export interface DiskOptions {
  /** Label of the file system. */
  readonly label: string;
  /** Free space beside the content. The file is sparse: unused space costs nothing. */
  readonly spareMib: number;
  /** Whether the file system sits in a partition, which the kernel can find by name. Default false. */
  readonly partitioned?: boolean;
}

/** Makes an ext4 disk image from a folder, without privileges. Everything in it belongs to root. */
export async function makeDisk(tree: string, image: string, options: DiskOptions): Promise<void> {
  const offset = options.partitioned === true ? mebibyte : 0;
  const size = roundUp((await diskUsage(tree)) * 1.1) + options.spareMib * mebibyte;
  const file = await open(image, 'wx', 0o600);
  await file.close();
  await truncate(image, offset + size);
  const command = [
    ...['mkfs.ext4', '-q', '-F', '-L', options.label, '-m', '0', '-O', '^has_journal'],
    ...['-E', `root_owner=0:0,offset=${offset}`, '-d', tree, image, `${size / 1024}k`],
  ];
  // mkfs copies the owners it sees: in a user namespace of ours everything is root's.
  const asRoot = process.getuid?.() === 0 ? [] : ['unshare', '--map-root-user'];
  const [program, ...args] = [...asRoot, ...command];
  await runTool(program!, args, tree);
  if (options.partitioned === true) await writePartitionTable(image, size);
}

/** A master boot record with one Linux partition that starts at the first mebibyte. */
async function writePartitionTable(image: string, sizeBytes: number): Promise<void> {
  const sector = Buffer.alloc(512);
  sector.writeUInt32LE(diskSignature, 440);
  sector.writeUInt8(0x83, 446 + 4);
  sector.writeUInt32LE(mebibyte / 512, 446 + 8);
  sector.writeUInt32LE(sizeBytes / 512, 446 + 12);
  sector.writeUInt16LE(0xaa55, 510);
  const file = await open(image, 'r+');
  try {
    await file.write(sector, 0, sector.length, 0);
  } finally {
    await file.close();
  }
}

async function diskUsage(folder: string): Promise<number> {
  let bytes = 0;
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const size = entry.isFile() ? (await stat(path.join(entry.parentPath, entry.name))).size : 0;
    bytes += Math.ceil(size / 4096) * 4096 + 4096;
  }
  return bytes;
}

function roundUp(bytes: number): number {
  return Math.ceil(bytes / mebibyte) * mebibyte;
}
