import { type CamflowError, isCamflowError } from '@camflow/api';
import type { Configuration, ConfigurationSection, ValueOrigin } from './configuration.ts';
import { type Environment, resolveEnvironment } from './environment.ts';
import type { IniAssignment, IniDocument } from './ini-dialect.ts';
import { groupValues } from './ini-values.ts';
import { type Override, parseOverride } from './overrides.ts';
import type { ConfigurationProblem } from './problem.ts';
import { readIniFile } from './read-ini-file.ts';

/** What to read. */
export interface ConfigurationRequest {
  /** The file; undefined for defaults and overrides alone. */
  readonly path?: string | undefined;
  /** Texts behind `--set`, in order. Those of one key replace all that the file gives for it. */
  readonly overrides?: readonly string[];
  /** What `${env:NAME}` refers to; `process.env` outside of tests. */
  readonly environment: Environment;
}

interface GivenValue {
  readonly key: string;
  readonly value: string;
  readonly origin: ValueOrigin;
}

/**
 * Reads a configuration. What is wrong in it is collected, not thrown, so that all of it can be told at once.
 * @throws CamflowError `CONFIG_UNREADABLE` where there is nothing to read
 */
export async function readConfiguration(request: ConfigurationRequest): Promise<Configuration> {
  const { path, environment } = request;
  const problems: ConfigurationProblem[] = [];
  const warnings: ConfigurationProblem[] = [];
  const values = new Map<string, GivenValue[]>();
  const sectionOrigins = new Map<string, string>();

  function attempt<Result>(where: string, call: () => Result): Result | undefined {
    try {
      return call();
    } catch (error) {
      if (!isCamflowError(error)) throw error;
      const { code, message } = error as CamflowError;
      problems.push({ code, where, message });
      return undefined;
    }
  }

  function add(where: string, { section, key, value }: IniAssignment | Override): void {
    const resolved = attempt(where, () => resolveEnvironment(value, environment));
    if (resolved === undefined) return;
    const given = { key, value: resolved.value, origin: { where, secret: resolved.secret } };
    values.set(section, [...(values.get(section) ?? []), given]);
  }

  if (path !== undefined) {
    const document: IniDocument = await readIniFile(path);
    for (const [section, line] of document.sectionLines) sectionOrigins.set(section, `${path}:${line}`);
    for (const assignment of document.assignments) add(`${path}:${assignment.line}`, assignment);
    for (const { line, message } of document.problems) {
      problems.push({ code: 'CONFIG_SYNTAX', where: `${path}:${line}`, message });
    }
    for (const { line, message } of document.doubts) {
      warnings.push({ code: 'CONFIG_SYNTAX', where: `${path}:${line}`, message });
    }
  }

  const overrides = (request.overrides ?? []).flatMap(
    (text) => attempt('--set', () => parseOverride(text)) ?? [],
  );
  for (const { section, key } of overrides) {
    const kept = values.get(section)?.filter((given) => given.key !== key);
    if (kept !== undefined) values.set(section, kept);
  }
  for (const override of overrides) add('--set', override);

  const sections = new Map<string, ConfigurationSection>();
  for (const name of new Set([...sectionOrigins.keys(), ...values.keys()])) {
    const given = values.get(name) ?? [];
    const origins = new Map<string, ValueOrigin[]>();
    for (const { key, origin } of given) origins.set(key, [...(origins.get(key) ?? []), origin]);
    const where = sectionOrigins.get(name) ?? given[0]?.origin.where ?? '--set';
    sections.set(name, { name, where, options: groupValues(given), origins });
  }
  return { path, sections, problems, warnings };
}
