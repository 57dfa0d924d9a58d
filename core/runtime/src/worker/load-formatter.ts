import {
  CamflowError,
  describeError,
  type FormatDefinition,
  type Formatter,
  isPluginDefinition,
} from '@camflow/api';
import { acceptedOptions } from '../options/accepted-options.ts';
import type { FormatRequest } from './messages.ts';

/** A formatter of this thread. */
export interface LoadedFormatter {
  readonly formatter: Formatter;
  readonly keepsMalformed: boolean;
}

/**
 * Imports the module of a format and makes its formatter.
 * @throws CamflowError `PLUGIN_CREATE_FAILED`, naming plugin, module and section
 */
export async function loadFormatter(request: FormatRequest, memory: Uint8Array): Promise<LoadedFormatter> {
  const { moduleUrl, requested, section, rawOptions } = request;
  try {
    const module = (await import(moduleUrl)) as { readonly default?: unknown };
    const definition = module.default;
    if (!isPluginDefinition(definition) || definition.kind !== 'format') {
      throw new Error('its default export is no format');
    }
    const format = definition as FormatDefinition;
    const options = await acceptedOptions(format, rawOptions, section);
    return {
      formatter: format.create(options, { section, memory }),
      keepsMalformed: format.malformed === 'keep',
    };
  } catch (error) {
    throw new CamflowError(
      'PLUGIN_CREATE_FAILED',
      `format ${requested} (section [${section}]) cannot be made in a worker from ${moduleUrl}: ${describeError(error)}`,
      { cause: error },
    );
  }
}
