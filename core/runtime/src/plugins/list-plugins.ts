import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describeError, type OptionDoc, type PluginKind } from '@camflow/api';
import { importDefinition } from './import-definition.ts';
import { trustedUrl } from './load-plugin.ts';
import { type PackageFolder, type PackageManifest, packageAround, readPackage } from './package-manifest.ts';
import type { PluginPlaces } from './plugin-places.ts';
import { type ResolvedPlugin, resolvePackage } from './resolve-plugin.ts';

/** One plugin that is there, or one that cannot be used. */
export interface PluginListing {
  /** What to write in configuration. */
  readonly name: string;
  /** Undefined where the plugin cannot be used. */
  readonly kind: PluginKind | undefined;
  readonly summary: string;
  readonly builtin: boolean;
  /** Name and version of its package, where there is one. */
  readonly packageName: string | undefined;
  readonly version: string | undefined;
  /** The module, or the folder of the package where no module was found. */
  readonly where: string;
  /** Every option by name. */
  readonly options: Readonly<Record<string, OptionDoc>>;
  /** Why it cannot be used; undefined for plugins that can. */
  readonly problem: string | undefined;
}

/**
 * Lists the built-in plugins and the plugin packages in the folders of `plugin_path`. They are imported to be
 * asked; those that cannot be trusted are not. A package counts as a plugin where it names `@camflow/api` as a
 * peer or has the keyword `camflow-plugin`. Never fails for a single plugin. Main thread.
 */
export async function listPlugins(places: PluginPlaces): Promise<readonly PluginListing[]> {
  const listings: PluginListing[] = [];
  for (const { name, moduleUrl } of places.builtins) {
    const around = await packageAround(fileURLToPath(moduleUrl));
    listings.push(
      await list(name, true, around, async () => ({ moduleUrl, files: undefined, package: around })),
    );
  }
  for (const directory of places.pluginPath) {
    for (const folder of await packageFolders(directory)) {
      const found = await readPackage(folder).catch(() => undefined);
      if (found === undefined || !isPluginPackage(found.manifest)) continue;
      const name = text(found.manifest.name) ?? folder;
      // Only the first of a name can be meant by it.
      if (listings.some((listing) => listing.name === name)) continue;
      listings.push(await list(name, false, found, () => resolvePackage(found)));
    }
  }
  return listings;
}

async function list(
  name: string,
  builtin: boolean,
  found: PackageFolder | undefined,
  resolve: () => Promise<ResolvedPlugin>,
): Promise<PluginListing> {
  const listing = {
    name,
    builtin,
    packageName: text(found?.manifest.name),
    version: text(found?.manifest.version),
  };
  let where = found?.folder ?? '';
  try {
    const resolved = await resolve();
    where = fileURLToPath(resolved.moduleUrl);
    const { kind, summary, options } = await importDefinition(await trustedUrl(resolved, name), name);
    return { ...listing, kind, summary, where, options: options?.keys ?? {}, problem: undefined };
  } catch (error) {
    return { ...listing, kind: undefined, summary: '', where, options: {}, problem: describeError(error) };
  }
}

/** Folders that `resolvePlugin` would find by some name, those that hide others first. */
async function packageFolders(directory: string): Promise<string[]> {
  const folders: string[] = [];
  for (const parent of [join(directory, 'node_modules'), directory]) {
    for (const name of await namesIn(parent)) {
      if (name === 'node_modules' || name.startsWith('.')) continue;
      const folder = join(parent, name);
      if (name.startsWith('@')) folders.push(...(await namesIn(folder)).map((inner) => join(folder, inner)));
      else folders.push(folder);
    }
  }
  return folders;
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).then(
    (names) => names.sort(),
    () => [],
  );
}

function isPluginPackage({ keywords, peerDependencies }: PackageManifest): boolean {
  if (Array.isArray(keywords) && keywords.includes('camflow-plugin')) return true;
  return (
    typeof peerDependencies === 'object' && peerDependencies !== null && '@camflow/api' in peerDependencies
  );
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
