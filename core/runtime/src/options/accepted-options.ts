import { CamflowError, type PluginDefinition, type RawOptions, validateOptions } from '@camflow/api';

/**
 * The options of a plugin as its schema gives them; an empty object for a plugin without options. Any thread.
 * @throws CamflowError `PLUGIN_BAD_OPTIONS`, naming section, plugin and option
 */
export async function acceptedOptions(
  definition: Pick<PluginDefinition, 'name' | 'options'>,
  rawOptions: RawOptions,
  section: string,
): Promise<unknown> {
  const validated = await validateOptions(definition.options, rawOptions);
  if (validated.problems === undefined) return validated.value;
  const problems = validated.problems.map(({ key, message }) =>
    key === undefined ? message : `${key}: ${message}`,
  );
  throw new CamflowError(
    'PLUGIN_BAD_OPTIONS',
    `section [${section}] is not accepted by plugin ${definition.name}: ${problems.join('; ')}`,
  );
}
