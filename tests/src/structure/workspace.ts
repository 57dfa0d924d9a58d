import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Root folder of the repository. */
export const repositoryRoot: string = fileURLToPath(new URL('../../../', import.meta.url));

/** One package of the workspace. */
export interface WorkspacePackage {
  readonly name: string;
  /** Folder, relative to the root. */
  readonly folder: string;
  readonly dependencies: readonly string[];
  readonly devDependencies: readonly string[];
}

const folders = ['core', 'plugins'].flatMap((group) =>
  readdirSync(path.join(repositoryRoot, group)).map((name) => `${group}/${name}`),
);

/** Every package of the workspace. */
export function workspacePackages(): WorkspacePackage[] {
  return [...folders, 'kernel', 'config', 'bench', 'tests', 'tests/guest'].map((folder) => {
    const manifest = JSON.parse(readFileSync(path.join(repositoryRoot, folder, 'package.json'), 'utf8'));
    return {
      name: manifest.name,
      folder,
      dependencies: Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }),
      devDependencies: Object.keys(manifest.devDependencies ?? {}),
    };
  });
}

/** TypeScript sources below a folder, relative to the root. */
export function sourcesOf(folder: string): string[] {
  const source = path.join(repositoryRoot, folder, 'src');
  return readdirSync(source, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && statSync(path.join(source, name)).isFile())
    .map((name) => path.join(folder, 'src', name));
}

/** What a source file imports, statically or not. */
export function importsOf(file: string): string[] {
  const text = readFileSync(path.join(repositoryRoot, file), 'utf8');
  const pattern =
    /(?:^|\n)\s*(?:import|export)\s[^;'"]*?from\s+'([^']+)'|(?:^|\n)import\s+'([^']+)'|\bimport\('([^']+)'\)/g;
  return [...text.matchAll(pattern)].map((match) => (match[1] ?? match[2] ?? match[3])!);
}
