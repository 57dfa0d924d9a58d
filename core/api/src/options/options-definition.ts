import type { OptionSchema } from './standard-schema.ts';

/** Options as configuration files hold them: text, or a list of texts for a key given more than once. */
export type RawOptions = Readonly<Record<string, string | readonly string[]>>;

/** What people are told about one option. */
export interface OptionDoc {
  /** One sentence: what it sets, in which unit. */
  readonly summary: string;
  /** What holds where it is not given, as one would write it. */
  readonly default?: string;
  /** Whether the key may be given more than once. */
  readonly repeatable?: boolean;
  /** Whether the value is a secret: it is never printed. */
  readonly secret?: boolean;
}

/** The options of a plugin. */
export interface OptionsDefinition<Output> {
  /** Turns {@link RawOptions} into what the factory gets. Unknown keys are reported from `keys`, not from here. */
  readonly schema: OptionSchema<Output>;
  /** Every key that the plugin knows. */
  readonly keys: Readonly<Record<string, OptionDoc>>;
}
