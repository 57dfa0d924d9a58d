import { pathToFileURL } from 'node:url';
import {
  CamflowError,
  isCamflowError,
  knownOptions,
  type OptionProblem,
  type PluginDefinition,
  type PluginKind,
  type RawOptions,
  validateOptions,
} from '@camflow/api';
import type { ChosenPlugin } from '../run/run-plan.ts';
import { importDefinition } from './import-definition.ts';
import type { PluginPlaces } from './plugin-places.ts';
import { type ResolvedPlugin, resolvePlugin } from './resolve-plugin.ts';
import { assertTrustedModule } from './trust.ts';

/** Where the value of an option was given. */
export interface OptionOrigin {
  /** For people: `FILE:LINE`. */
  readonly where: string;
  /** Whether the value must not be printed. */
  readonly secret: boolean;
}

/** A plugin that is asked for. */
export interface PluginRequest<Kind extends PluginKind> {
  readonly kind: Kind;
  /** A built-in name, a package name or an absolute path. */
  readonly requested: string;
  /** Section of the configuration that holds its options. */
  readonly section: string;
  readonly rawOptions: RawOptions;
  /** Where each value of each option was given, for messages. */
  readonly origins?: ReadonlyMap<string, readonly OptionOrigin[]>;
}

/** The definitions of a kind. */
export type DefinitionOf<Kind extends PluginKind> = Extract<PluginDefinition, { readonly kind: Kind }>;

/** A plugin that was found, trusted and imported. Its options were not looked at. */
export interface FoundPlugin<Kind extends PluginKind> {
  readonly definition: DefinitionOf<Kind>;
  readonly moduleUrl: string;
  /** The plugin in messages. */
  readonly subject: string;
}

/**
 * Finds a plugin, makes sure that it can be trusted, and imports it. Calls no factory. Main thread.
 * @throws CamflowError `PLUGIN_*`, naming the plugin and the file at fault
 */
export async function findPlugin<Kind extends PluginKind>(
  request: Pick<PluginRequest<Kind>, 'kind' | 'requested' | 'section'>,
  places: PluginPlaces,
): Promise<FoundPlugin<Kind>> {
  const { kind, requested, section } = request;
  const resolved = await resolvePlugin(kind, requested, places);
  const subject = `${kind} ${describePlugin(requested, resolved)}`;
  const moduleUrl = await trustedUrl(resolved, subject);
  const definition = await importDefinition(moduleUrl, subject);
  if (definition.kind !== kind) {
    throw new CamflowError(
      'PLUGIN_WRONG_KIND',
      `${subject} (for [${section}]) is a ${definition.kind}, not a ${kind}`,
      {
        hint: `Name it in ${definition.kind === 'sink' ? 'output' : definition.kind}=, or name a ${kind} here.`,
      },
    );
  }
  return { definition: definition as DefinitionOf<Kind>, moduleUrl, subject };
}

/**
 * Finds a plugin and puts its options through its schema. Calls no factory. Main thread.
 * @throws CamflowError `PLUGIN_*`, naming the plugin, the file and the option at fault
 */
export async function loadPlugin<Kind extends PluginKind>(
  request: PluginRequest<Kind>,
  places: PluginPlaces,
): Promise<ChosenPlugin<DefinitionOf<Kind>>> {
  const { definition, moduleUrl, subject } = await findPlugin(request, places);
  const { requested, section } = request;
  const rawOptions = knownOptions(definition.options?.keys ?? {}, request.rawOptions);
  await assertOptions(request, definition, rawOptions, subject);
  return { definition, moduleUrl, requested, section, rawOptions };
}

/**
 * The URL of a module that nobody else can change; built-in ones are taken as they are.
 * @throws CamflowError `PLUGIN_UNTRUSTED`
 */
export async function trustedUrl(resolved: ResolvedPlugin, subject: string): Promise<string> {
  if (resolved.files === undefined) return resolved.moduleUrl;
  try {
    const { module, folder } = resolved.files;
    return pathToFileURL(await assertTrustedModule(module, folder)).href;
  } catch (error) {
    if (!isCamflowError(error)) throw error;
    const hint = error.hint === undefined ? {} : { hint: error.hint };
    throw new CamflowError(error.code, `${subject} is not loaded: ${error.message}`, {
      ...hint,
      cause: error,
    });
  }
}

function describePlugin(requested: string, { package: found }: ResolvedPlugin): string {
  const name = typeof found?.manifest.name === 'string' ? found.manifest.name : requested;
  return name === requested ? requested : `${requested} (package ${name})`;
}

async function assertOptions(
  { section, origins }: PluginRequest<PluginKind>,
  { options }: PluginDefinition,
  rawOptions: RawOptions,
  subject: string,
): Promise<void> {
  const keys = Object.keys(options?.keys ?? {});
  const hint = `It knows the options ${keys.join(', ')}.`;
  let problems: readonly OptionProblem[] | undefined;
  try {
    ({ problems } = await validateOptions(options, rawOptions));
  } catch (cause) {
    throw new CamflowError('PLUGIN_BAD_OPTIONS', `the schema of ${subject} failed on [${section}]`, {
      hint,
      cause,
    });
  }
  if (problems === undefined) return;
  const told = problems.map(({ key, index, message }) => {
    if (key === undefined) return `[${section}]: ${message}`;
    const origin = origins?.get(key)?.at(index ?? -1);
    const where = origin === undefined ? '' : `${origin.where}: `;
    return `${where}${section}.${key}: ${origin?.secret ? 'this value is not accepted' : message}`;
  });
  throw new CamflowError('PLUGIN_BAD_OPTIONS', `${subject} refuses its options: ${told.join('; ')}`, {
    hint,
  });
}
