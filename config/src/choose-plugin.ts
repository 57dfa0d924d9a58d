import type { RawOptions } from '@camflow/api';
import type { Configuration, ValueOrigin } from './configuration.ts';
import { spoolOptions } from './spool-options.ts';

/** A plugin as a configuration names it, before anything was looked up. */
export interface PluginChoice {
  /** A built-in name, a package name or an absolute path. */
  readonly requested: string;
  /** The section that holds its options. */
  readonly section: string;
  /** All keys of that section that are not `plugin` or, for outputs, `format` or one of the spool. */
  readonly rawOptions: RawOptions;
  /** Where each value was given. */
  readonly origins: ReadonlyMap<string, readonly ValueOrigin[]>;
}

/** An output as a configuration names it. */
export interface OutputChoice {
  /** Its name in messages and reports: that of its section. */
  readonly name: string;
  readonly sink: PluginChoice;
  /** The format that its section names. */
  readonly format: string | undefined;
}

/**
 * Finds the plugin that `source=`, `policy=` or `format=` names. A name stands for a section; the section says
 * with `plugin=` which plugin it configures, and else is called like it. So the same plugin can be used twice,
 * with other options.
 */
export function choosePlugin(configuration: Configuration, name: string): PluginChoice {
  const { plugin, rest } = take(configuration, name, []);
  return { requested: plugin ?? name, section: name, ...rest };
}

/** Finds the plugin and the format of one name of `output=`. */
export function chooseOutput(configuration: Configuration, name: string): OutputChoice {
  const { plugin, format, rest } = take(configuration, name, ['format', ...Object.keys(spoolOptions.keys)]);
  return { name, sink: { requested: plugin ?? name, section: name, ...rest }, format };
}

function take(configuration: Configuration, name: string, alsoSelecting: readonly string[]) {
  const section = configuration.sections.get(name);
  const selecting = ['plugin', ...alsoSelecting];
  const options = section?.options ?? {};
  const rawOptions = Object.fromEntries(Object.entries(options).filter(([key]) => !selecting.includes(key)));
  return {
    plugin: lastValue(options['plugin']),
    format: lastValue(options['format']),
    rest: { rawOptions, origins: section?.origins ?? new Map<string, readonly ValueOrigin[]>() },
  };
}

function lastValue(value: string | readonly string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.at(-1);
}
