import { apiVersion, CamflowError, isPluginDefinition, type PluginDefinition } from '@camflow/api';

const kinds = ['source', 'policy', 'format', 'sink'];
const framings = ['lines', 'documents', 'frames'];

/**
 * Imports a module and takes its definition. Main thread.
 * @param subject - the plugin in messages
 * @throws CamflowError `PLUGIN_LOAD_FAILED`, `PLUGIN_INVALID` or `PLUGIN_WRONG_API`
 */
export async function importDefinition(moduleUrl: string, subject: string): Promise<PluginDefinition> {
  let module: { readonly default?: unknown };
  try {
    module = await import(moduleUrl);
  } catch (cause) {
    throw new CamflowError('PLUGIN_LOAD_FAILED', `${subject} cannot be imported from ${moduleUrl}`, {
      hint: 'Its package must be complete: is it built, and are its dependencies installed beside it?',
      cause,
    });
  }
  const definition = module.default;
  if (!isPluginDefinition(definition)) {
    throw new CamflowError(
      'PLUGIN_INVALID',
      `${subject} is no plugin: ${moduleUrl} default-exports no definition`,
      {
        hint: 'A plugin default-exports the result of definePlugin.',
      },
    );
  }
  if (definition.apiVersion !== apiVersion) {
    throw new CamflowError(
      'PLUGIN_WRONG_API',
      `${subject} was made for version ${definition.apiVersion} of the plugin interface, this is version ${apiVersion}`,
      { hint: 'Install a release of the plugin, or of CamFlow, so that both agree.' },
    );
  }
  const defect = defectOf(definition);
  if (defect === undefined) return definition;
  throw new CamflowError('PLUGIN_INVALID', `${subject} is no plugin: ${defect}`, {
    hint: 'This is a defect of the plugin; tell its author.',
  });
}

/** What a definition lacks; authors who write JavaScript have no compiler to tell them. */
function defectOf(definition: PluginDefinition): string | undefined {
  const { kind, name, create, options } = definition;
  if (!kinds.includes(kind)) return `its kind "${kind}" is none of ${kinds.join(', ')}`;
  if (typeof name !== 'string' || !/^[a-z0-9_-]+$/.test(name))
    return 'its name is not made of a-z, 0-9, _ and -';
  if (typeof create !== 'function') return 'its create is not a function';
  if (options !== undefined) {
    if (typeof options.keys !== 'object' || options.keys === null) return 'its options describe no keys';
    if (typeof options.schema?.['~standard']?.validate !== 'function') return 'its options have no schema';
  }
  if (definition.kind !== 'format') return undefined;
  if (typeof definition.mediaType !== 'string') return 'its mediaType is missing';
  return framings.includes(definition.framing) ? undefined : `its framing is none of ${framings.join(', ')}`;
}
