import type { OptionDoc, OptionsDefinition, RawOptions } from './options-definition.ts';
import type { SchemaIssue } from './standard-schema.ts';

/** One thing that is wrong with one option. Never holds the value of a secret. */
export interface OptionProblem {
  /** Name of the option; undefined where the options are wrong as a whole. */
  readonly key: string | undefined;
  /** Which of the values of a repeatable option it is, from 0; undefined where the problem is not about one value. */
  readonly index: number | undefined;
  readonly message: string;
}

/** Options that a schema accepted, or all that is wrong with them. */
export type ValidatedOptions<Output> =
  | { readonly value: Output; readonly problems?: undefined }
  | { readonly problems: readonly OptionProblem[] };

/**
 * The options that a definition knows, each with as many values as it may have: of a key that is not repeatable
 * and was given more than once, the last value holds. Unknown keys are left out; they are reported elsewhere.
 */
export function knownOptions(keys: Readonly<Record<string, OptionDoc>>, options: RawOptions): RawOptions {
  const known: Record<string, string | readonly string[]> = {};
  for (const [key, value] of Object.entries(options)) {
    const doc = Object.hasOwn(keys, key) ? keys[key] : undefined;
    if (doc === undefined) continue;
    known[key] = typeof value === 'string' || doc.repeatable ? value : (value.at(-1) ?? '');
  }
  return known;
}

/**
 * Puts options through the schema of their definition; every problem is tied to the option it is about. Without
 * a definition the value is an empty object. Any thread.
 */
export async function validateOptions<Output>(
  definition: OptionsDefinition<Output> | undefined,
  options: RawOptions,
): Promise<ValidatedOptions<Output>> {
  if (definition === undefined) return { value: {} as Output };
  const known = knownOptions(definition.keys, options);
  const result = await definition.schema['~standard'].validate(known);
  if (result.issues === undefined) return { value: result.value };
  return { problems: result.issues.map((issue) => problemOf(issue, definition.keys, known)) };
}

function problemOf(
  issue: SchemaIssue,
  keys: Readonly<Record<string, OptionDoc>>,
  given: RawOptions,
): OptionProblem {
  const [key, index] = (issue.path ?? []).map((part) => (typeof part === 'object' ? part.key : part));
  if (key === undefined) return { key, index: undefined, message: issue.message };
  const name = String(key);
  // Validators word this for programmers, each in its own way.
  if (Object.hasOwn(keys, name) && !Object.hasOwn(given, name)) {
    return { key: name, index: undefined, message: 'must be given' };
  }
  const secret = Object.hasOwn(keys, name) && keys[name]?.secret === true;
  return {
    key: name,
    index: typeof index === 'number' ? index : undefined,
    message: secret ? 'this value is not accepted' : issue.message,
  };
}
