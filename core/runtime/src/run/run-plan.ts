import type {
  FormatDefinition,
  PolicyDefinition,
  RawOptions,
  SinkDefinition,
  SourceDefinition,
} from '@camflow/api';
import type { SpoolPlan } from '../spool/spool-plan.ts';

/** A plugin that was found, checked and imported, with the options it will get. */
export interface ChosenPlugin<Definition> {
  readonly definition: Definition;
  /** File URL of the module that default-exports the definition: workers import formatters from it. */
  readonly moduleUrl: string;
  /** Name that configuration used: a built-in name, a package name or a path. */
  readonly requested: string;
  /** Section of the configuration that holds its options. */
  readonly section: string;
  /** Options as text; already accepted by the schema. Workers validate them again for themselves. */
  readonly rawOptions: RawOptions;
}

/** One output of a run. */
export interface OutputPlan {
  /** Name of the output in messages and reports: its section, `log`, `mqtt`. Unique within a run. */
  readonly name: string;
  readonly sink: ChosenPlugin<SinkDefinition>;
  readonly format: ChosenPlugin<FormatDefinition>;
  /** Where units wait that the sink does not take; absent for memory alone, without accounts beyond the run. */
  readonly spool?: SpoolPlan;
}

/** Everything that a run needs to know. Made by the composition root from configuration and plugins. */
export interface RunPlan {
  readonly source: ChosenPlugin<SourceDefinition>;
  readonly policy: ChosenPlugin<PolicyDefinition>;
  /** At least one. Outputs of equal format and options share one pass of formatting. */
  readonly outputs: readonly OutputPlan[];
  /** Worker threads, 1 and up. */
  readonly workers: number;
  /** Bytes of one slab; a multiple of both record sizes is used. */
  readonly slabBytes: number;
  /** Types of records that are shed, the first first, while the recorder does not keep up with a live source. */
  readonly shed?: readonly string[];
  /** How long a stop waits for outputs to take what was accepted, in milliseconds. */
  readonly drainTimeoutMs: number;
}
