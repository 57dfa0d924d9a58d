import type { RawOptions } from '@camflow/api';
import type { ConfigurationProblem } from './problem.ts';

/** Where a value was given. */
export interface ValueOrigin {
  /** `FILE:LINE` or `--set`. */
  readonly where: string;
  /** Whether the value holds something from the environment: it is never printed. */
  readonly secret: boolean;
}

/** One section, from the file and `--set` together. */
export interface ConfigurationSection {
  readonly name: string;
  /** Where it first stands: `FILE:LINE` or `--set`. */
  readonly where: string;
  /** Values as text, references to the environment resolved. */
  readonly options: RawOptions;
  /** Where each value of each key was given, in order. */
  readonly origins: ReadonlyMap<string, readonly ValueOrigin[]>;
}

/** A configuration as it was written: names and values are not checked yet. */
export interface Configuration {
  /** The file it was read from; undefined where there is none and defaults hold. */
  readonly path: string | undefined;
  /** Sections by their usual spelling (`ipv4-ingress`, `unix_socket`). */
  readonly sections: ReadonlyMap<string, ConfigurationSection>;
  /** Lines, references and overrides that cannot be understood. */
  readonly problems: readonly ConfigurationProblem[];
  /** Lines that may not mean what they seem to. */
  readonly warnings: readonly ConfigurationProblem[];
}

/**
 * Where a value was given, for messages; the section, or the file, where it was not given at all.
 * @param index - which of the values of the key; the last one holds where it is not said
 */
export function whereIs(
  configuration: Configuration,
  section: string,
  key: string | undefined,
  index?: number | undefined,
): string {
  const found = configuration.sections.get(section);
  const origins = key === undefined ? undefined : found?.origins.get(key);
  const origin = origins?.at(index ?? -1);
  return origin?.where ?? found?.where ?? configuration.path ?? 'configuration';
}
