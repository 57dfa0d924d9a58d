import { CamflowError } from '@camflow/api';

/** The environment of a process: `process.env`. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** A value after its references were resolved. */
export interface ResolvedValue {
  readonly value: string;
  /** Whether a part of it came from the environment: it may be a secret, and is never printed. */
  readonly secret: boolean;
}

/**
 * Replaces every `${env:NAME}` of a value. What comes in is not looked at again.
 * @throws CamflowError `CONFIG_MISSING_SECRET` where a variable is not set, `CONFIG_BAD_VALUE` where a
 *   reference is not closed or names no variable
 */
export function resolveEnvironment(value: string, environment: Environment): ResolvedValue {
  let secret = false;
  const resolved = value.replace(/\$\{env:([^}]*)(\}?)/g, (reference, name: string, closed: string) => {
    if (closed === '' || !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
      throw new CamflowError('CONFIG_BAD_VALUE', `"${reference}" is not of the form \${env:NAME}`);
    }
    const text = Object.hasOwn(environment, name) ? environment[name] : undefined;
    if (text === undefined) {
      throw new CamflowError('CONFIG_MISSING_SECRET', `the environment variable ${name} is not set`);
    }
    secret = true;
    return text;
  });
  return { value: resolved, secret };
}
