import { defaultRecorderFile, type Environment, loadRecorderConfiguration } from '@camflow/config';

/**
 * The folder of the spools that a configuration names; undefined where it names none.
 * @param file - default: that of the recorder
 */
export async function spoolFolder(environment: Environment, file?: string): Promise<string | undefined> {
  const path = file ?? (await defaultRecorderFile());
  const { general } = await loadRecorderConfiguration({ path, environment });
  return general.spoolDir;
}
