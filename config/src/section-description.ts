import type { OptionDoc, OptionsDefinition, PluginKind } from '@camflow/api';

/** What may stand in a section. */
export interface SectionDescription {
  /** Keys that are put through a schema; undefined where there are none. */
  readonly options: OptionsDefinition<unknown> | undefined;
  /** Keys that say which plugins are meant, and are no options of them. */
  readonly selection: Readonly<Record<string, OptionDoc>>;
}

/** Sections by name. */
export type SectionDescriptions = ReadonlyMap<string, SectionDescription>;

const pluginKey: OptionDoc = {
  summary: 'The plugin that this section configures: a built-in name, a package name or an absolute path.',
  default: 'the name of the section',
};
const formatKey: OptionDoc = {
  summary: 'The format of this output: a section, a built-in name, a package name or an absolute path.',
  default: 'what the output prefers, or else format of [general]',
};

/** The section of a plugin: its own options, `plugin`, and for outputs `format`. */
export function pluginSection(
  kind: PluginKind,
  options: OptionsDefinition<unknown> | undefined,
): SectionDescription {
  return {
    options,
    selection: kind === 'sink' ? { plugin: pluginKey, format: formatKey } : { plugin: pluginKey },
  };
}
