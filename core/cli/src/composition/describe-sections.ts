import { describeError, isCamflowError, type PluginKind } from '@camflow/api';
import {
  type Configuration,
  type ConfigurationProblem,
  generalSection,
  pluginSection,
  type RecorderOptions,
  type SectionDescription,
  whereIs,
} from '@camflow/config';
import { type BuiltinPlugin, findPlugin, type PluginPlaces } from '@camflow/runtime';
import { chooseFormat, choosePlugins } from './chosen-plugins.ts';

/** What the sections of a configuration may hold, as far as their plugins were found. */
export interface DescribedSections {
  readonly descriptions: ReadonlyMap<string, SectionDescription>;
  /** Plugins that could not be found, trusted or imported. */
  readonly problems: readonly ConfigurationProblem[];
}

/**
 * Asks the plugins that a configuration names, and the built-in ones that it has a section for, which keys they
 * know. No option is looked at.
 */
export async function describeSections(
  configuration: Configuration,
  general: RecorderOptions,
  places: PluginPlaces,
): Promise<DescribedSections> {
  const descriptions = new Map<string, SectionDescription>([['general', generalSection]]);
  const problems: ConfigurationProblem[] = [];

  async function describe<Kind extends PluginKind>(
    kind: Kind,
    section: string,
    requested: string,
    inUse = true,
  ) {
    try {
      const { definition } = await findPlugin({ kind, section, requested }, places);
      descriptions.set(section, pluginSection(kind, definition.options, inUse));
      return definition;
    } catch (error) {
      if (!isCamflowError(error)) throw error;
      const where = whereIs(configuration, 'general', kind === 'sink' ? 'output' : kind);
      problems.push({ code: error.code, where, message: describeError(error) });
      return undefined;
    }
  }

  const { source, policy, outputs } = choosePlugins(configuration, general);
  await describe('source', source.section, source.requested);
  await describe('policy', policy.section, policy.requested);
  for (const output of outputs) {
    const sink = await describe('sink', output.sink.section, output.sink.requested);
    if (sink === undefined) continue;
    const format = chooseFormat(configuration, general, output, sink);
    await describe('format', format.section, format.requested);
  }
  const isNamed = (section: string, { name, aliases }: BuiltinPlugin): boolean =>
    name === section || aliases?.includes(section) === true;
  const remaining = [...configuration.sections.keys()].filter((section) => !descriptions.has(section));
  const named = places.builtins.filter((builtin) => remaining.some((section) => isNamed(section, builtin)));
  const unknown = remaining.filter((section) => !named.some((builtin) => isNamed(section, builtin)));
  // Importing plugins takes time; all of them are asked only where an unknown name may be a slip for one.
  for (const { kind, name } of unknown.length > 0 ? places.builtins : named) {
    if (!descriptions.has(name)) await describe(kind, name, name, false);
  }
  return { descriptions, problems };
}
