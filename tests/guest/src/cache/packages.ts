import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { GuestError } from '../guest-error.ts';
import { runTool } from '../tool.ts';

const debianKeyring = '/usr/share/keyrings/debian-archive-keyring.gpg';
const repositories = [
  'http://deb.debian.org/debian bookworm main',
  'http://deb.debian.org/debian bookworm-updates main',
  'http://deb.debian.org/debian bookworm-backports main',
  'http://deb.debian.org/debian-security bookworm-security main',
];

/**
 * Debian 12's packages, fetched through the host's apt with lists and state of our own: signatures are
 * checked as always, and nothing of the host is read or changed.
 */
export interface Packages {
  /** Unpacks packages and all that they depend on into a folder, which becomes a root with a merged `/usr`. */
  unpackRoot(names: readonly string[], root: string, release?: string): Promise<void>;
  /** Unpacks one package alone. */
  unpackOne(name: string, folder: string, release?: string): Promise<void>;
  /** The packages that a package names as its dependencies. */
  dependenciesOf(name: string, release?: string): Promise<string[]>;
}

/**
 * Reads the package lists. What it keeps meanwhile is inside `state`, which must be an empty folder.
 * @param keyring - Debian's keys
 * @throws GuestError where these are missing, or the lists cannot be read
 */
export async function openPackages(state: string, keyring: string = debianKeyring): Promise<Packages> {
  if (!existsSync(keyring)) {
    throw new GuestError(
      `Debian's keys (${keyring}) are not here, so that nothing from Debian can be trusted: ` +
        'install them with: sudo apt-get install debian-archive-keyring',
    );
  }
  await Promise.all(['lists', 'cache'].map((name) => mkdir(path.join(state, name))));
  const lines = repositories.map((repository) => `deb [arch=amd64 signed-by=${keyring}] ${repository}\n`);
  await writeFile(path.join(state, 'sources.list'), lines);
  // An empty list of installed packages: dependencies are then complete, whatever the host has.
  await writeFile(path.join(state, 'status'), '');
  const options = {
    'Dir::Etc::SourceList': path.join(state, 'sources.list'),
    'Dir::Etc::SourceParts': '/dev/null',
    'Dir::State::Lists': path.join(state, 'lists'),
    'Dir::State::status': path.join(state, 'status'),
    'Dir::Cache': path.join(state, 'cache'),
    'Debug::NoLocking': '1',
    'APT::Architecture': 'amd64',
    'APT::Sandbox::User': 'root',
    'APT::Update::Error-Mode': 'any',
  };
  const settings = Object.entries(options).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
  const chosen = (release?: string) => (release === undefined ? [] : ['-t', release]);

  async function unpack(fetched: string, into: string): Promise<void> {
    for (const name of await readdir(fetched)) {
      if (name.endsWith('.deb')) await runTool('dpkg-deb', ['-x', path.join(fetched, name), into], state);
    }
    await rm(fetched, { recursive: true });
  }

  await runTool('apt-get', ['update', '-q', ...settings], state);
  return {
    async unpackRoot(names, root, release) {
      const fetched = await mkdtemp(path.join(state, 'fetched-'));
      await mkdir(path.join(fetched, 'partial'));
      await runTool(
        'apt-get',
        [
          ...['install', '-q', '-y', '--download-only', '--no-install-recommends', ...settings],
          ...['-o', `Dir::Cache::Archives=${fetched}`, ...chosen(release), ...names],
        ],
        state,
      );
      await unpack(fetched, root);
      await mergeUsr(root);
    },
    async unpackOne(name, folder, release) {
      const fetched = await mkdtemp(path.join(state, 'fetched-'));
      await runTool('apt-get', ['download', '-q', ...settings, ...chosen(release), name], fetched);
      await unpack(fetched, folder);
    },
    async dependenciesOf(name, release) {
      const text = await runTool('apt-cache', ['depends', ...settings, ...chosen(release), name], state);
      return [...text.matchAll(/Depends: (\S+)/g)].map((match) => match[1]!);
    },
  };
}

/** Does what Debian's installer does before it unpacks: makes `/bin` and its like links into `/usr`. */
async function mergeUsr(root: string): Promise<void> {
  for (const name of ['bin', 'sbin', 'lib', 'lib64']) {
    const outside = path.join(root, name);
    const inside = path.join(root, 'usr', name);
    await mkdir(outside, { recursive: true });
    await cp(outside, inside, { recursive: true, verbatimSymlinks: true });
    await rm(outside, { recursive: true });
    await symlink(path.join('usr', name), outside);
  }
}
