import { existsSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { describeError, type OptionsDefinition, type RawOptions } from '@camflow/api';
import { type ControlSettings, controlSettings, describeProblem, readConfiguration } from '@camflow/config';

/** Options of the policy. */
export interface CamflowPolicyOptions {
  readonly path: string;
  /** Undefined where there is no such file, which matters to who uses the policy only. */
  readonly settings: ControlSettings | undefined;
}

const defaultPath = '/etc/camflow.ini';

async function validate(
  raw: unknown,
): Promise<
  | { readonly value: CamflowPolicyOptions; readonly issues?: undefined }
  | { readonly issues: readonly { readonly message: string; readonly path: readonly string[] }[] }
> {
  const path = (raw as RawOptions)['path'] ?? defaultPath;
  if (typeof path !== 'string' || !isAbsolute(path)) {
    return { issues: [{ message: 'the path must be absolute', path: ['path'] }] };
  }
  if (!existsSync(path)) return { value: { path, settings: undefined } };
  try {
    const { settings, errors } = await controlSettings(
      await readConfiguration({ path, environment: process.env }),
    );
    if (errors.length === 0) return { value: { path, settings } };
    return { issues: errors.map((problem) => ({ message: describeProblem(problem), path: ['path'] })) };
  } catch (error) {
    return { issues: [{ message: describeError(error), path: ['path'] }] };
  }
}

/** `path`: the file is read while options are checked, so that what is wrong in it is told like any wrong option. */
export const camflowPolicyOptions: OptionsDefinition<CamflowPolicyOptions> = {
  schema: { '~standard': { version: 1, vendor: 'camflow', validate } },
  keys: { path: { summary: 'The file that camconfd reads, too.', default: defaultPath } },
};
