import { stat } from 'node:fs/promises';
import { dirname, isAbsolute, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CamflowError, nearestName, type PluginKind } from '@camflow/api';
import { entryOf, type PackageFolder, packageAround, readPackage } from './package-manifest.ts';
import { findBuiltin, type PluginPlaces } from './plugin-places.ts';

/** A plugin that was found; nothing of it was run. */
export interface ResolvedPlugin {
  /** File URL of its module. */
  readonly moduleUrl: string;
  /** What must be trusted before it is run; undefined for built-in plugins. */
  readonly files: { readonly module: string; readonly folder: string } | undefined;
  /** The package around it, where there is one. */
  readonly package: PackageFolder | undefined;
}

/** What npm takes for the name of a package. No `..`, no path. */
const packageName = /^(@[a-z0-9~-][a-z0-9._~-]*\/)?[a-z0-9~-][a-z0-9._~-]*$/;

/**
 * Finds the module behind a name: a built-in one, an absolute path to a file or to the folder of a package, or
 * the name of a package in one of the folders of `plugin_path`.
 * @throws CamflowError `PLUGIN_NOT_FOUND`, or `PLUGIN_INVALID` where a package has no module to import
 */
export async function resolvePlugin(
  kind: PluginKind,
  requested: string,
  places: PluginPlaces,
): Promise<ResolvedPlugin> {
  const builtin = findBuiltin(places.builtins, requested, kind);
  if (builtin !== undefined) return { moduleUrl: builtin.moduleUrl, files: undefined, package: undefined };
  const found = isAbsolute(requested)
    ? await atPath(requested)
    : await onPluginPath(requested, places.pluginPath);
  if (found !== undefined) return found;
  throw new CamflowError('PLUGIN_NOT_FOUND', notFound(kind, requested, places), {
    hint: advice(kind, requested, places),
  });
}

/** The module of a package folder. */
export async function resolvePackage(found: PackageFolder): Promise<ResolvedPlugin> {
  const entry = entryOf(found.manifest);
  const module = entry === undefined ? undefined : join(found.folder, entry);
  if (module === undefined || !(await isFile(module))) {
    const missing =
      module === undefined ? 'its exports name no module to import' : `${module} does not exist`;
    throw new CamflowError('PLUGIN_INVALID', `the package in ${found.folder} cannot be used: ${missing}`, {
      hint: 'Its package.json must name a built module in "exports" or "main".',
    });
  }
  return fromFile(module, found);
}

async function atPath(path: string): Promise<ResolvedPlugin | undefined> {
  if (await isFile(path)) return fromFile(path, await packageOf(packageAround, path));
  const found = await packageOf(readPackage, path);
  return found && resolvePackage(found);
}

async function onPluginPath(
  name: string,
  pluginPath: readonly string[],
): Promise<ResolvedPlugin | undefined> {
  if (!packageName.test(name)) return undefined;
  for (const directory of pluginPath) {
    for (const folder of [join(directory, 'node_modules', name), join(directory, name)]) {
      const found = await packageOf(readPackage, folder);
      if (found !== undefined) return resolvePackage(found);
    }
  }
  return undefined;
}

function fromFile(module: string, found: PackageFolder | undefined): ResolvedPlugin {
  const folder = found?.folder ?? dirname(module);
  return { moduleUrl: pathToFileURL(module).href, files: { module, folder }, package: found };
}

async function packageOf(
  find: (path: string) => Promise<PackageFolder | undefined>,
  path: string,
): Promise<PackageFolder | undefined> {
  try {
    return await find(path);
  } catch (cause) {
    throw new CamflowError('PLUGIN_INVALID', `the package.json of ${path} cannot be read`, { cause });
  }
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (status) => status.isFile(),
    () => false,
  );
}

function notFound(kind: PluginKind, requested: string, places: PluginPlaces): string {
  const searched = isAbsolute(requested)
    ? ''
    : ` in ${places.pluginPath.join(', ') || 'an empty plugin_path'}`;
  return `no ${kind} "${requested}" is built in or found${searched}`;
}

function advice(kind: PluginKind, requested: string, places: PluginPlaces): string {
  if (requested.startsWith('.')) return 'Write the path in full, from "/".';
  const names = places.builtins.filter((plugin) => plugin.kind === kind).map((plugin) => plugin.name);
  const nearest = nearestName(requested, names);
  if (nearest !== undefined) return `Did you mean ${nearest}?`;
  return `Built in: ${names.join(', ') || 'none'}. Packages are installed into a folder of plugin_path.`;
}
