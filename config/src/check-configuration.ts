import { nearestName, type OptionsDefinition, validateOptions } from '@camflow/api';
import { type Configuration, type ConfigurationSection, whereIs } from './configuration.ts';
import { type ConfigurationProblem, inFileOrder } from './problem.ts';
import type { SectionDescription, SectionDescriptions } from './section-description.ts';

/** What a check found. */
export interface CheckedConfiguration {
  /** What makes the configuration unusable. */
  readonly errors: readonly ConfigurationProblem[];
  /** What was passed over: unknown names, values that never hold. With `strict` these are errors too. */
  readonly warnings: readonly ConfigurationProblem[];
}

/**
 * Checks names and values of a whole configuration.
 * @param descriptions - the sections that mean something here; which those are depends on the plugins
 * @param strict - whether what is only passed over counts as an error
 */
export async function checkConfiguration(
  configuration: Configuration,
  descriptions: SectionDescriptions,
  strict = false,
): Promise<CheckedConfiguration> {
  const errors = [...configuration.problems];
  const warnings = [...configuration.warnings, ...unknownNames(configuration, descriptions)];
  for (const [name, description] of descriptions) {
    const given = configuration.sections.get(name)?.origins.size ?? 0;
    if (given === 0 && !description.inUse) continue;
    for (const options of [description.options, description.own]) {
      const { problems } = await validateSection(configuration, name, options);
      errors.push(...(problems ?? []));
    }
  }
  return strict
    ? { errors: inFileOrder([...errors, ...warnings]), warnings: [] }
    : { errors: inFileOrder(errors), warnings: inFileOrder(warnings) };
}

/** Sections and keys that mean nothing, and values that another one takes the place of. */
export function unknownNames(
  configuration: Configuration,
  descriptions: SectionDescriptions,
): readonly ConfigurationProblem[] {
  return [...configuration.sections.values()].flatMap((section) => {
    const description = descriptions.get(section.name);
    if (description !== undefined) return unknownKeys(section, description);
    const keys = [...section.origins.keys()];
    if (section.name === '') {
      return [unknown(section.where, `"${keys[0]}" stands before the first [section] and is ignored`)];
    }
    const nearest = meant(nearestName(section.name, descriptions.keys()), (name) => `[${name}]`);
    return [unknown(section.where, `unknown section [${section.name}]${nearest}`)];
  });
}

function unknownKeys(
  section: ConfigurationSection,
  description: SectionDescription,
): readonly ConfigurationProblem[] {
  const docs = { ...description.selection, ...description.options?.keys };
  const problems: ConfigurationProblem[] = [];
  for (const [key, origins] of section.origins) {
    const doc = Object.hasOwn(docs, key) ? docs[key] : undefined;
    const where = origins[0]?.where ?? section.where;
    if (doc === undefined) {
      const nearest = meant(nearestName(key, Object.keys(docs)), (name) => name);
      problems.push(unknown(where, `unknown key "${key}" in [${section.name}]${nearest}`));
    } else if (origins.length > 1 && !doc.repeatable) {
      const last = origins.at(-1)?.where;
      problems.push({
        code: 'CONFIG_BAD_VALUE',
        where,
        message: `"${key}" is given again at ${last}, which holds`,
      });
    }
  }
  return problems;
}

/** The value of a section, or what its schema refuses. */
export type ValidatedSection<Output> =
  | { readonly value: Output; readonly problems?: undefined }
  | { readonly problems: readonly ConfigurationProblem[] };

/** Puts a section through the schema of its options; an absent section stands for one without keys. */
export async function validateSection<Output>(
  configuration: Configuration,
  name: string,
  options: OptionsDefinition<Output> | undefined,
): Promise<ValidatedSection<Output>> {
  const section = configuration.sections.get(name);
  const result = await validateOptions(options, section?.options ?? {});
  if (result.problems === undefined) return result;
  const problems = result.problems.map(({ key, index, message }): ConfigurationProblem => {
    const secret = key !== undefined && section?.origins.get(key)?.some((origin) => origin.secret);
    const about = key === undefined ? `[${name}]` : `${name}.${key}`;
    return {
      code: 'CONFIG_BAD_VALUE',
      where: whereIs(configuration, name, key, index),
      message: `${about}: ${secret ? 'this value is not accepted' : message}`,
    };
  });
  return { problems };
}

function unknown(where: string, message: string): ConfigurationProblem {
  return { code: 'CONFIG_UNKNOWN_KEY', where, message };
}

function meant(name: string | undefined, quote: (name: string) => string): string {
  return name === undefined ? '' : `; did you mean ${quote(name)}?`;
}
