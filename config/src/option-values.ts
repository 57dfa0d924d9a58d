import { nearestName } from '@camflow/api';
import * as v from 'valibot';

/** A schema that reads text and answers a value. */
export type TextSchema<Output> = v.GenericSchema<string, Output>;

/** Any text that is not empty. */
export const text: TextSchema<string> = v.pipe(v.string(), v.minLength(1, 'must not be empty'));

/** `true` or `false`. */
export const boolean: TextSchema<boolean> = v.pipe(
  v.string(),
  v.check((given) => given === 'true' || given === 'false', 'must be true or false'),
  v.transform((given) => given === 'true'),
);

/** A decimal integer within bounds, both included. */
export function integer(least: number, most: number): TextSchema<number> {
  return v.pipe(
    v.string(),
    v.check(
      (given) => /^[0-9]{1,15}$/.test(given) && Number(given) >= least && Number(given) <= most,
      (issue) => `must be an integer from ${least} to ${most}, not "${issue.input}"`,
    ),
    v.transform(Number),
  );
}

/** One of a few names; the message names the nearest, or all where they are few. */
export function oneOf<Name extends string>(what: string, names: readonly Name[]): TextSchema<Name> {
  return v.pipe(
    v.string(),
    v.check(
      (given) => (names as readonly string[]).includes(given),
      (issue) => `"${issue.input}" is not ${what}${advice(issue.input, names)}`,
    ),
    v.transform((given) => given as Name),
  );
}

/** Values of a key that may be given more than once. */
export function listOf(item: TextSchema<string>): v.GenericSchema<string | string[], string[]> {
  return v.pipe(
    v.union([v.string(), v.array(v.string())]),
    v.transform((given) => (typeof given === 'string' ? [given] : given)),
    v.array(item),
  );
}

function advice(given: string, names: readonly string[]): string {
  if (names.length <= 5) return `: use ${names.join(', ')}`;
  const nearest = nearestName(given, names);
  return nearest === undefined ? '' : `; did you mean ${nearest}?`;
}
