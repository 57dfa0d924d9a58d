import type { OptionDoc, OptionsDefinition, PluginKind } from '@camflow/api';
import { spoolOptions } from './spool-options.ts';

/** What may stand in a section. */
export interface SectionDescription {
  /** Keys that are put through a schema; undefined where there are none. */
  readonly options: OptionsDefinition<unknown> | undefined;
  /** Keys that are no options of the plugin: which plugins are meant, and what the recorder does for an output. */
  readonly selection: Readonly<Record<string, OptionDoc>>;
  /** The schema of those among them that are put through one. */
  readonly own?: OptionsDefinition<unknown>;
  /** Whether its options matter even where none is given: its plugin is chosen. Default false. */
  readonly inUse?: boolean;
}

/** Sections by name. */
export type SectionDescriptions = ReadonlyMap<string, SectionDescription>;

const pluginKey: OptionDoc = {
  summary: 'The plugin that this section configures.',
  default: 'the name of the section',
};
const formatKey: OptionDoc = {
  summary: 'The format of this output.',
  default: 'what the output prefers, or else format of [general]',
};

/**
 * The section of a plugin: its own options, `plugin`, and for outputs `format` and the keys of the spool.
 * @param inUse - whether the configuration chooses this plugin, and does not merely have a section for it
 */
export function pluginSection(
  kind: PluginKind,
  options: OptionsDefinition<unknown> | undefined,
  inUse = false,
): SectionDescription {
  if (kind !== 'sink') return { options, selection: { plugin: pluginKey }, inUse };
  const selection = { plugin: pluginKey, format: formatKey, ...spoolOptions.keys };
  return { options, selection, own: spoolOptions, inUse };
}
