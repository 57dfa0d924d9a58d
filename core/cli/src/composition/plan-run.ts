import { createHash } from 'node:crypto';
import path from 'node:path';
import type { RawOptions, SinkDefinition } from '@camflow/api';
import {
  type Configuration,
  type ConfigurationProblem,
  type ConfigurationRequest,
  configurationError,
  loadRecorderConfiguration,
  type RecorderOptions,
  spoolOptions,
  unknownNames,
  validateSection,
} from '@camflow/config';
import {
  type BuiltinPlugin,
  loadPlugin,
  type OutputPlan,
  type RunPlan,
  type SpoolPlan,
  type SpoolTarget,
} from '@camflow/runtime';
import { chooseFormat, choosePlugins } from './chosen-plugins.ts';
import { describeSections } from './describe-sections.ts';

/** A run that is ready to be made, and what people should know of it. */
export interface PlannedRun {
  readonly plan: RunPlan;
  readonly general: RecorderOptions;
  /** Where each output writes, by the name of the output. */
  readonly places: ReadonlyMap<string, string>;
  /** Names in the configuration that mean nothing. */
  readonly warnings: readonly ConfigurationProblem[];
}

/**
 * From configuration to plan: finds the plugins, trusts, imports and checks them. Nothing is opened.
 * @param defaultSpoolDir - folder for spools where the configuration names none; undefined for no spools then
 * @throws CamflowError `CONFIG_*` or `PLUGIN_*`
 */
export async function planRun(
  request: ConfigurationRequest,
  builtins: readonly BuiltinPlugin[],
  defaultSpoolDir?: string,
): Promise<PlannedRun> {
  const { configuration, general } = await loadRecorderConfiguration(request);
  const places = { builtins, pluginPath: general.pluginPath };
  const chosen = choosePlugins(configuration, general);
  const source = await loadPlugin(chosen.source, places);
  const policy = await loadPlugin(chosen.policy, places);
  const outputs: OutputPlan[] = [];
  for (const output of chosen.outputs) {
    const sink = await loadPlugin({ kind: 'sink', ...output.sink }, places);
    const format = await loadPlugin(chooseFormat(configuration, general, output, sink.definition), places);
    const target = { place: spoolPlaceOf(sink), format: describeChoice(format) };
    const spool = await spoolOf(configuration, output.name, target, general.spoolDir ?? defaultSpoolDir);
    outputs.push({ name: output.name, sink, format, ...(spool && { spool }) });
  }
  const { workers, slabBytes, drainTimeoutMs, shed } = general;
  const { descriptions } = await describeSections(configuration, general, places);
  return {
    plan: { source, policy, outputs, workers, slabBytes, drainTimeoutMs, shed },
    general,
    places: new Map(outputs.map(({ name, sink }) => [name, placeOf(sink.definition, sink.rawOptions)])),
    warnings: [...configuration.warnings, ...unknownNames(configuration, descriptions)],
  };
}

/** How an output is spooled, and where its accounts are; undefined where there is no place for either. */
async function spoolOf(
  configuration: Configuration,
  output: string,
  target: SpoolTarget,
  spoolDir: string | undefined,
): Promise<SpoolPlan | undefined> {
  const checked = await validateSection(configuration, output, spoolOptions);
  if (checked.problems !== undefined) throw configurationError(checked.problems);
  const { mode, ...limits } = checked.value;
  if (spoolDir === undefined) return undefined;
  // The name of an output may be a path, or that of a scoped package.
  return { ...limits, mode, target, folder: path.join(spoolDir, encodeURIComponent(output)) };
}

/**
 * Tells apart what outputs write to: by their place and what is above it where they have one, else by all they were
 * given, of which a hash tells no secret.
 */
function spoolPlaceOf(sink: OutputPlan['sink']): string {
  const { requested, definition, rawOptions } = sink;
  const place = placeOf(definition, rawOptions);
  const topic = rawOptions['topic'] ?? definition.options?.keys['topic']?.default;
  if (place !== '') return [requested, place, ...(typeof topic === 'string' ? [topic] : [])].join(' ');
  return `${requested} ${createHash('sha256').update(describeChoice(sink)).digest('hex').slice(0, 16)}`;
}

function describeChoice({ requested, rawOptions }: OutputPlan['sink' | 'format']): string {
  return JSON.stringify([requested, Object.entries(rawOptions).sort(([a], [b]) => (a < b ? -1 : 1))]);
}

/** Where an output writes, by what outputs call it: a path or an address. */
function placeOf(definition: SinkDefinition, options: RawOptions): string {
  for (const key of ['path', 'address']) {
    const value = options[key] ?? definition.options?.keys[key]?.default;
    if (typeof value === 'string') return value;
  }
  return '';
}
