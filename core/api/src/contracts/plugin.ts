import type { OptionsDefinition } from '../options/options-definition.ts';
import type { CaptureSource } from './capture-source.ts';
import type { FormatInfo, Formatter } from './formatter.ts';
import type { Logger } from './logger.ts';
import type { Policy } from './policy.ts';
import type { Sink } from './sink.ts';

/** Version of the plugin interface. A plugin made for another one is refused. */
export const apiVersion = 1;

const brand: unique symbol = Symbol.for('camflow.plugin') as never;

/** What factories that run on the main thread are given. */
export interface PluginContext {
  /** Log lines of this plugin. */
  readonly log: Logger;
  /** The section that configures this plugin, for messages: `mqtt`, `log`. */
  readonly section: string;
}

/** What sink factories are given. */
export interface SinkContext extends PluginContext {
  /** The format of the units that will come. */
  readonly format: FormatInfo;
}

/** What formatter factories are given, inside a worker. */
export interface FormatterContext {
  /** The section that configures this format, for messages. */
  readonly section: string;
  /** Bounds of the memory that every batch of the run points into; the same buffer for the whole run. */
  readonly memory: Uint8Array;
}

interface DefinitionBase<Options> {
  /** Name that configuration uses: lower-case letters, digits, `_` and `-`. */
  readonly name: string;
  /** One sentence for `camflow plugins`. */
  readonly summary: string;
  /** The version of the plugin interface that it was written for: `apiVersion`. */
  readonly apiVersion: number;
  /** Absent where the plugin has no options. */
  readonly options?: OptionsDefinition<Options>;
}

/** Defines a capture source. */
export interface SourceDefinition<Options = unknown> extends DefinitionBase<Options> {
  readonly kind: 'source';
  /** Makes a source; opens nothing yet. Main thread. */
  create(options: Options, context: PluginContext): CaptureSource;
}

/** Defines a policy. */
export interface PolicyDefinition<Options = unknown> extends DefinitionBase<Options> {
  readonly kind: 'policy';
  /** Makes a policy. Main thread. */
  create(options: Options, context: PluginContext): Policy;
}

/** Defines a format. */
export interface FormatDefinition<Options = unknown> extends DefinitionBase<Options> {
  readonly kind: 'format';
  /** Media type of a unit. */
  readonly mediaType: string;
  /** What a unit is: see `FormatInfo`. */
  readonly framing: FormatInfo['framing'];
  /** Whether records of unknown type are given to the formatter too (type index 0) or counted as lost. Default `drop`. */
  readonly malformed?: 'keep' | 'drop';
  /** Makes a formatter. Called once in every worker thread; the module is imported there by its file URL. */
  create(options: Options, context: FormatterContext): Formatter;
}

/** Defines an output. */
export interface SinkDefinition<Options = unknown> extends DefinitionBase<Options> {
  readonly kind: 'sink';
  /** Format used where the configuration names none; default: the `format` of `[general]`. */
  readonly defaultFormat?: string;
  /** Makes a sink; opens nothing yet. Main thread. */
  create(options: Options, context: SinkContext): Sink;
}

/** Any plugin definition. */
export type PluginDefinition<Options = unknown> =
  | SourceDefinition<Options>
  | PolicyDefinition<Options>
  | FormatDefinition<Options>
  | SinkDefinition<Options>;

/** What a plugin is for. */
export type PluginKind = PluginDefinition['kind'];

/**
 * Marks a definition as one. A plugin package default-exports the result:
 *
 * ```ts
 * export default definePlugin({ kind: 'sink', name: 'example', summary: 'Counts units', apiVersion, create });
 * ```
 */
export function definePlugin<Definition extends PluginDefinition>(definition: Definition): Definition {
  return Object.freeze(Object.defineProperty({ ...definition }, brand, { value: true }));
}

/** Whether a value was made by `definePlugin` of this or any other copy of the package. */
export function isPluginDefinition(value: unknown): value is PluginDefinition {
  return typeof value === 'object' && value !== null && (value as Record<symbol, unknown>)[brand] === true;
}
