import { connect, send } from './network.ts';
import type { StoryNode } from './story-node.ts';
import type { World } from './world.ts';

const oddNames = [
  'notes.txt',
  'été 日本.md',
  'say "hi".txt',
  'back\\slash',
  'line\nbreak',
  'tab\there',
  '\uefff\uefbe.bin',
];

/** wget fetches an archive from a server on this machine and writes it to a file. */
export function download(world: World, day: string): StoryNode {
  const { kernel, random } = world;
  const server = world.start('/usr/sbin/nginx', ['-g', 'daemon off;']);
  const served = world.file('/srv/www/archive.tar');
  const url = `http://localhost:8080/archive.tar?day=${day}`;
  const client = world.start('/usr/bin/wget', ['-q', '-O', `/home/ada/${day}/archive.tar`, url]);
  const connection = connect(world, client, server, 8080);
  send(world, connection, 'client', 1);
  kernel.run(server);
  kernel.uses('open', served);
  const home = world.file(`/home/ada/${day}`, 'directory', 0o40755);
  kernel.run(client);
  kernel.generates('inode_create', home, { flags: 0o644 });
  const archive = world.file(`/home/ada/${day}/archive.tar`);
  for (let block = 0; block < 4 + random.below(5); block++) {
    kernel.run(server);
    kernel.uses('read', served, { offset: block * 65_536 });
    send(world, connection, 'server', 2 + random.below(3));
    kernel.run(client);
    kernel.generates('write', archive, { offset: block * 65_536 });
  }
  kernel.ends('free', connection.serverSocket);
  world.exit(client);
  world.exit(server);
  return archive;
}

/** tar unpacks the archive: for each member a file is made, written, owned and dated. */
export function unpack(world: World, day: string, archive: StoryNode): StoryNode[] {
  const { kernel, random } = world;
  const tar = world.start('/usr/bin/tar', ['-xpf', `/home/ada/${day}/archive.tar`]);
  kernel.uses('open', archive);
  const folder = world.file(`/home/ada/${day}/unpacked`, 'directory', 0o40755);
  const files: StoryNode[] = [];
  for (let member = 0; member < 6 + random.below(10); member++) {
    kernel.uses('read', archive, { offset: member * 10_240 });
    kernel.uses('search', folder);
    kernel.generates('inode_create', folder, { flags: 0o600 });
    const name = random.chance(0.2) ? random.pick(oddNames) : `part-${member}.csv`;
    const file = world.file(`/home/ada/${day}/unpacked/${name}`);
    kernel.generates('write', file, { offset: 0 });
    const times = {
      atime: 1_700_000_000,
      mtime: 1_600_000_000 + random.below(90_000_000),
      ctime: 1_700_000_000,
    };
    const change = kernel.node('iattr', { valid: 0x41ff, mode: 0o100644, size: -1n, uid: 1000, ...times });
    kernel.generates('setattr', change);
    kernel.relate('setattr_inode', change, file);
    kernel.uses('getattr', file);
    files.push(file);
  }
  world.exit(tar);
  return files;
}

/** cut reads, sort orders, uniq counts: three processes joined by pipes. */
export function pipeline(world: World, day: string, files: readonly StoryNode[]): StoryNode {
  const { kernel, random } = world;
  const pipes = [world.inode('pipe', 0o10600), world.inode('pipe', 0o10600)] as const;
  const long = [
    '-f',
    '1,3',
    ...files.map((_, i) => `unpacked/part-${i}.csv`),
    'x'.repeat(random.chance(0.1) ? 5000 : 20),
  ];
  const cut = world.start('/usr/bin/cut', long);
  const sort = world.start('/usr/bin/sort', ['--parallel=2', '-t', '\t']);
  const uniq = world.start('/usr/bin/uniq', ['-c']);
  const result = world.file(`/home/ada/${day}/counts.txt`);
  for (const file of files) {
    kernel.run(cut);
    kernel.uses('open', file);
    kernel.uses('read', file, { offset: 0 });
    kernel.generates('write', pipes[0]);
    kernel.run(sort);
    kernel.uses('read', pipes[0]);
  }
  kernel.run(sort);
  const spill = world.file('/tmp/sortVx81Qm');
  kernel.generates('write', spill);
  kernel.uses('mmap', spill, { flags: 0xfb });
  sort.shared = spill;
  kernel.uses('read', spill);
  kernel.generates('write', pipes[1]);
  delete sort.shared;
  kernel.run(uniq);
  kernel.uses('read', pipes[1]);
  kernel.generates('write', result, { offset: 0 });
  kernel.run(sort);
  kernel.generates('unlink', spill);
  kernel.ends('free', spill);
  for (const process of [cut, sort, uniq]) world.exit(process);
  for (const pipe of pipes) kernel.ends('free', pipe);
  return result;
}

/** cp copies the result with its extended attributes; the copy is then moved into its place. */
export function copy(world: World, day: string, result: StoryNode): StoryNode {
  const { kernel } = world;
  const cp = world.start('/usr/bin/cp', ['--preserve=all', 'counts.txt', 'counts.bak']);
  const target = world.file(`/home/ada/${day}/counts.bak`);
  kernel.uses('open', result);
  kernel.uses('getattr', result);
  kernel.generates('splice_out', target);
  kernel.uses('listxattr', result);
  const value = Uint8Array.of(1, 0, 0, 2, 0xff);
  const read = kernel.node('xattr', { name: 'security.capability', value, size: value.length });
  kernel.relate('getxattr_inode', result, read);
  kernel.uses('getxattr', read);
  const written = kernel.node('xattr', { name: 'security.capability', value, size: value.length });
  kernel.generates('setxattr', written);
  kernel.relate('setxattr_inode', written, target);
  kernel.generates('rename', target);
  kernel.name(`/home/ada/${day}/counts.done`, target);
  world.exit(cp);
  return target;
}

/** curl sends the result to the server. */
export function upload(world: World, result: StoryNode): void {
  const { kernel } = world;
  const server = world.start('/usr/sbin/nginx', ['-g', 'daemon off;']);
  const client = world.start('/usr/bin/curl', ['-T', 'counts.done', 'http://localhost:8081/inbox/']);
  const connection = connect(world, client, server, 8081);
  kernel.run(client);
  kernel.uses('open', result);
  kernel.uses('read', result, { offset: 0 });
  send(world, connection, 'client', 3);
  kernel.run(server);
  const stored = world.file('/srv/www/inbox/counts.done');
  kernel.generates('write', stored);
  send(world, connection, 'server', 1);
  world.exit(client);
  world.exit(server);
}
