import {
  type CheckedConfiguration,
  type ConfigurationRequest,
  checkConfiguration,
  controlSettings,
  describeProblem,
  detectProgram,
  inFileOrder,
  readConfiguration,
  recorderOptions,
  validateSection,
} from '@camflow/config';
import type { BuiltinPlugin } from '@camflow/runtime';
import { describeSections } from '../composition/describe-sections.ts';
import { exitCodes } from '../exit-codes.ts';
import { formatCounted } from '../report/numbers.ts';

/**
 * `camflow config check FILE`: checks a whole file, of camflowd or of camconfd, and prints every problem as
 * `FILE:LINE: message`.
 * @returns the exit status
 */
export async function checkConfigurationFile(
  request: ConfigurationRequest & { readonly path: string },
  strict: boolean,
  builtins: readonly BuiltinPlugin[],
  print: (line: string) => void,
): Promise<number> {
  const { errors, warnings } = await check(request, strict, builtins);
  for (const problem of errors) print(`error: ${describeProblem(problem)}`);
  for (const problem of warnings) print(`warning: ${describeProblem(problem)}`);
  print(
    `${request.path}: ${formatCounted(errors.length, 'error')}, ${formatCounted(warnings.length, 'warning')}`,
  );
  return errors.length === 0 ? exitCodes.ok : exitCodes.misconfigured;
}

async function check(
  request: ConfigurationRequest,
  strict: boolean,
  builtins: readonly BuiltinPlugin[],
): Promise<CheckedConfiguration> {
  const configuration = await readConfiguration(request);
  if (detectProgram(configuration) === 'camconfd') {
    // As camconfd reads it: what CamFlow's passes over is passed over, with a warning.
    const { errors, warnings } = await controlSettings(configuration);
    return strict ? { errors: inFileOrder([...errors, ...warnings]), warnings: [] } : { errors, warnings };
  }
  const general = await validateSection(configuration, 'general', recorderOptions);
  if (general.problems !== undefined) {
    // Which plugins are meant is not known; what stands in their sections cannot be judged.
    return { errors: [...configuration.problems, ...general.problems], warnings: configuration.warnings };
  }
  const places = { builtins, pluginPath: general.value.pluginPath };
  const described = await describeSections(configuration, general.value, places);
  const checked = await checkConfiguration(configuration, described.descriptions, strict);
  return { errors: [...described.problems, ...checked.errors], warnings: checked.warnings };
}
