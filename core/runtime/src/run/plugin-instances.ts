import {
  CamflowError,
  type CaptureSource,
  describeError,
  isCamflowError,
  type Logger,
  type PluginDefinition,
  type Policy,
  type Sink,
} from '@camflow/api';
import { acceptedOptions } from '../options/accepted-options.ts';
import type { FormatRequest } from '../worker/messages.ts';
import type { ChosenPlugin, OutputPlan, RunPlan } from './run-plan.ts';
import { createSectionLogger } from './section-logger.ts';

/** The plugins of a run that live on the main thread. */
export interface PluginInstances {
  readonly source: CaptureSource;
  readonly policy: Policy;
  /** One for each output of the plan, in its order. */
  readonly sinks: readonly Sink[];
}

/** One distinct format of a run: outputs of equal format and options share it. */
export interface DistinctFormat {
  readonly request: FormatRequest;
  readonly outputs: readonly OutputPlan[];
}

/**
 * Makes the plugins; nothing is opened. Where one fails, those made before are closed.
 * @throws CamflowError `PLUGIN_BAD_OPTIONS` or `PLUGIN_CREATE_FAILED`, naming plugin, module and section
 */
export async function createPlugins(plan: RunPlan, log: Logger): Promise<PluginInstances> {
  const made: { close(): Promise<void> }[] = [];
  try {
    const source = await create(plan.source, log, (definition, options, context) =>
      definition.create(options, context),
    );
    made.push(source);
    const policy = await createPolicy(plan.policy, log);
    const sinks: Sink[] = [];
    for (const output of plan.outputs) {
      const instance = await createSink(output, log);
      sinks.push(instance);
      made.push(instance);
    }
    return { source, policy, sinks };
  } catch (error) {
    for (const instance of made.reverse()) await instance.close().catch(() => undefined);
    throw error;
  }
}

/** Makes a policy. @throws CamflowError as {@link createPlugins} does */
export function createPolicy(chosen: RunPlan['policy'], log: Logger): Promise<Policy> {
  return create(chosen, log, (definition, options, context) => definition.create(options, context));
}

/** Makes the sink of an output; nothing is opened. @throws CamflowError as {@link createPlugins} does */
export function createSink({ sink, format }: OutputPlan, log: Logger): Promise<Sink> {
  const { name, mediaType, framing } = format.definition;
  return create(sink, log, (definition, options, context) =>
    definition.create(options, { ...context, format: { name, mediaType, framing } }),
  );
}

async function create<Definition extends PluginDefinition<never> | PluginDefinition, Instance>(
  chosen: ChosenPlugin<Definition>,
  log: Logger,
  factory: (
    definition: Definition,
    options: unknown,
    context: { readonly log: Logger; readonly section: string },
  ) => Instance,
): Promise<Instance> {
  const { definition, rawOptions, section, requested, moduleUrl } = chosen;
  const options = await acceptedOptions(definition, rawOptions, section);
  try {
    return factory(definition, options, { log: createSectionLogger(log, section), section });
  } catch (error) {
    const message = `${definition.kind} ${requested} (section [${section}]) cannot be made from ${moduleUrl}: ${describeError(error)}`;
    const hint = isCamflowError(error) ? error.hint : undefined;
    throw new CamflowError('PLUGIN_CREATE_FAILED', message, { cause: error, ...(hint ? { hint } : {}) });
  }
}

/** The distinct formats of a plan, in the order of the outputs that first name them. */
export function distinctFormats(outputs: readonly OutputPlan[]): DistinctFormat[] {
  const formats = new Map<string, { request: FormatRequest; outputs: OutputPlan[] }>();
  for (const output of outputs) {
    const { moduleUrl, requested, section, rawOptions } = output.format;
    const options = Object.entries(rawOptions).sort(([a], [b]) => (a < b ? -1 : 1));
    const key = JSON.stringify([moduleUrl, options]);
    const known = formats.get(key);
    if (known) known.outputs.push(output);
    else formats.set(key, { request: { moduleUrl, requested, section, rawOptions }, outputs: [output] });
  }
  return [...formats.values()];
}
