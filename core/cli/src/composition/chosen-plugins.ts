import type { PluginKind, SinkDefinition } from '@camflow/api';
import {
  type Configuration,
  chooseOutput,
  choosePlugin,
  type OutputChoice,
  type PluginChoice,
  type RecorderOptions,
} from '@camflow/config';

/** A plugin as the configuration names it, with what it is meant to be. */
export interface KindChoice<Kind extends PluginKind> extends PluginChoice {
  readonly kind: Kind;
}

/** The plugins that a configuration names, except for formats: those depend on what the outputs prefer. */
export interface ChosenPlugins {
  readonly source: KindChoice<'source'>;
  readonly policy: KindChoice<'policy'>;
  readonly outputs: readonly OutputChoice[];
}

/** Reads from a configuration which plugins it names. Nothing is looked up. */
export function choosePlugins(configuration: Configuration, general: RecorderOptions): ChosenPlugins {
  return {
    source: { kind: 'source', ...choosePlugin(configuration, general.source) },
    policy: { kind: 'policy', ...choosePlugin(configuration, general.policy) },
    outputs: general.outputs.map((name) => chooseOutput(configuration, name)),
  };
}

/** The format of an output: what its section names, else what the output prefers, else that of `[general]`. */
export function chooseFormat(
  configuration: Configuration,
  general: RecorderOptions,
  output: OutputChoice,
  sink: SinkDefinition,
): KindChoice<'format'> {
  const name = output.format ?? sink.defaultFormat ?? general.format;
  return { kind: 'format', ...choosePlugin(configuration, name) };
}
