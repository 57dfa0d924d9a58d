import path from 'node:path';
import { validateSection } from './check-configuration.ts';
import type { Configuration } from './configuration.ts';
import { configurationError } from './problem.ts';
import { type ConfigurationRequest, readConfiguration } from './read-configuration.ts';
import { findIniFile } from './read-ini-file.ts';
import { type RecorderOptions, recorderOptions } from './recorder-options.ts';
import type { SectionDescription } from './section-description.ts';

/** The configuration of camflowd, as far as it can be understood before its plugins are known. */
export interface RecorderConfiguration {
  readonly configuration: Configuration;
  readonly general: RecorderOptions;
}

/** `[general]` of camflowd.ini. */
export const generalSection: SectionDescription = { options: recorderOptions, selection: {} };

/**
 * Reads the configuration of camflowd. Sections of plugins are left to `checkConfiguration`, once it is known
 * which plugins are meant.
 * @throws CamflowError `CONFIG_*`, with every problem that was found
 */
export async function loadRecorderConfiguration(
  request: ConfigurationRequest,
): Promise<RecorderConfiguration> {
  const configuration = await readConfiguration(request);
  const general = await validateSection(configuration, 'general', recorderOptions);
  const problems = [...configuration.problems, ...(general.problems ?? [])];
  if (general.problems !== undefined || problems.length > 0) throw configurationError(problems);
  return { configuration, general: general.value };
}

/** The file that camflowd reads where it is not told of one: `/etc/camflowd.ini`, if it exists. */
export function defaultRecorderFile(): Promise<string | undefined> {
  return findIniFile('camflowd.ini', '/etc');
}

/**
 * The file that camconfd reads where it is not told of one, if it exists.
 * @param channel - name of a channel; undefined for the main one
 */
export function defaultControlFile(channel?: string): Promise<string | undefined> {
  return findIniFile(path.basename(controlFileOf(channel)), '/etc');
}

/** Where that file is: `/etc/camflow.ini`, or `/etc/camflow-NAME.ini` for a channel. */
export function controlFileOf(channel?: string): string {
  return channel === undefined ? '/etc/camflow.ini' : `/etc/camflow-${channel}.ini`;
}
