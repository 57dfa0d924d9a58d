import type { OptionDoc } from '@camflow/api';
import { unknownNames, validateSection } from './check-configuration.ts';
import { type Configuration, whereIs } from './configuration.ts';
import { controlSections } from './control-sections.ts';
import { type ConfigurationProblem, inFileOrder } from './problem.ts';
import type { SectionDescriptions } from './section-description.ts';

/** A value of a key that may be given more than once, with the line it stands in. */
export interface SettingLine {
  readonly value: string;
  /** `FILE:LINE`. */
  readonly where: string;
}

/** What camflow.ini says, checked, with the defaults of what it does not say. */
export interface ControlSettings {
  /** By section and key, in the words of the file: `provenance.enabled`. */
  readonly booleans: ReadonlyMap<string, boolean>;
  /** Booleans and numbers that the file gives; the others are defaults. */
  readonly given: ReadonlySet<string>;
  readonly numbers: ReadonlyMap<string, number>;
  /** Lists by section and key: `user.track`. */
  readonly lists: ReadonlyMap<string, readonly SettingLine[]>;
}

/** Settings, or all that is wrong with them; and what CamFlow passed over in silence, or took for something else. */
export interface CheckedSettings {
  readonly settings: ControlSettings;
  readonly errors: readonly ConfigurationProblem[];
  readonly warnings: readonly ConfigurationProblem[];
}

const defaultBooleans: Readonly<Record<string, boolean>> = {
  'provenance.enabled': false,
  'provenance.all': false,
  'compression.version': true,
  'compression.node': true,
  'compression.edge': true,
  'compression.duplicate': false,
  'file.persist': false,
};
const defaultNumbers: Readonly<Record<string, number>> = {
  'provenance.machine_id': 0,
  'relay.buff_exp': 20,
  'relay.subuf_nb': 8,
};

/** Lists of which CamFlow passes over what it does not know, or cannot find. */
const tolerant: ReadonlySet<string> = new Set([
  'provenance.node_filter',
  'provenance.propagate_node_filter',
  'file.opaque',
  'file.track',
  'file.propagate',
]);

/** Reads the settings out of a configuration. Every file that CamFlow's camconfd takes gives settings. */
export async function controlSettings(configuration: Configuration): Promise<CheckedSettings> {
  const isMalformed = ({ code }: ConfigurationProblem): boolean => code === 'CONFIG_SYNTAX';
  const errors = configuration.problems.filter((problem) => !isMalformed(problem));
  const warnings = [
    ...configuration.warnings,
    ...configuration.problems.filter(isMalformed).map(passedOver),
    ...unknownNames(configuration, controlSections),
  ];
  const booleans = new Map(Object.entries(defaultBooleans));
  const numbers = new Map(Object.entries(defaultNumbers));
  const lists = new Map<string, SettingLine[]>();
  const given = new Set<string>();
  for (const [section, key, doc] of keysOf(controlSections)) {
    const name = `${section}.${key}`;
    const values = valuesOf(configuration, section, key, doc);
    const refused = await refusals(configuration, section, key);
    for (const { value, index, where } of values) {
      const problem = refused.find((each) => each.where === where);
      if (name in defaultBooleans) {
        given.add(name);
        booleans.set(name, value === 'true');
        if (problem)
          warnings.push({ ...problem, message: `${problem.message}; it counts as false, as in CamFlow` });
      } else if (name in defaultNumbers) {
        if (problem === undefined) {
          given.add(name);
          numbers.set(name, Number(value));
        } else if (isTolerated(name, value)) {
          warnings.push({ ...problem, message: `${problem.message}; ${defaultNumbers[name]} is taken` });
        } else errors.push(problem);
      } else if (problem === undefined) {
        lists.set(name, [
          ...(lists.get(name) ?? []),
          { value, where: whereIs(configuration, section, key, index) },
        ]);
      } else if (tolerant.has(name)) {
        warnings.push(passedOver(problem));
      } else errors.push(problem);
    }
  }
  const settings = { booleans, given, numbers, lists };
  return { settings, errors: inFileOrder(errors), warnings: inFileOrder(warnings) };
}

/** What CamFlow says nothing about. */
function passedOver(problem: ConfigurationProblem): ConfigurationProblem {
  return { ...problem, message: `${problem.message}; the line is passed over, as in CamFlow` };
}

/** CamFlow takes what is no number for zero; its kernel panics at buffers of zero. */
function isTolerated(name: string, value: string): boolean {
  return name === 'provenance.machine_id' ? !/^[+-]?\d/.test(value) : !/^[+-]?0*[1-9]/.test(value);
}

function* keysOf(
  sections: SectionDescriptions,
): Generator<readonly [section: string, key: string, doc: OptionDoc]> {
  for (const [section, { options }] of sections) {
    for (const [key, doc] of Object.entries(options?.keys ?? {})) yield [section, key, doc];
  }
}

interface Value {
  readonly value: string;
  readonly index: number;
  readonly where: string;
}

/** The values of a key: of one that holds a single value, the last. */
function valuesOf(configuration: Configuration, section: string, key: string, doc: OptionDoc): Value[] {
  const option = configuration.sections.get(section)?.options[key];
  if (option === undefined) return [];
  const all = typeof option === 'string' ? [option] : option;
  const values = all.map((value, index) => ({
    value,
    index,
    where: whereIs(configuration, section, key, index),
  }));
  return doc.repeatable ? values : values.slice(-1);
}

async function refusals(
  configuration: Configuration,
  section: string,
  key: string,
): Promise<readonly ConfigurationProblem[]> {
  const { problems } = await validateSection(configuration, section, controlSections.get(section)?.options);
  return (problems ?? []).filter(({ message }) => message.startsWith(`${section}.${key}: `));
}
