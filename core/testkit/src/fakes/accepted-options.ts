import { CamflowError, type OptionsDefinition, type RawOptions, validateOptions } from '@camflow/api';

/** A definition of any kind, as far as its options go. */
export interface WithOptions<Options> {
  readonly name: string;
  readonly options?: OptionsDefinition<Options>;
}

/**
 * Puts options through the schema of a plugin, as the recorder does before it makes the plugin.
 * @throws CamflowError `PLUGIN_BAD_OPTIONS`
 */
export async function acceptedOptions<Options>(
  definition: WithOptions<Options>,
  raw: RawOptions = {},
): Promise<Options> {
  const result = await validateOptions(definition.options, raw);
  if (result.problems === undefined) return result.value;
  const reasons = result.problems.map(({ key, message }) =>
    key === undefined ? message : `${key}: ${message}`,
  );
  throw new CamflowError(
    'PLUGIN_BAD_OPTIONS',
    `options of ${definition.name} are refused: ${reasons.join('; ')}`,
  );
}
