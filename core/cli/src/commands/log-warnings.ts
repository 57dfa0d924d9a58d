import type { Logger } from '@camflow/api';
import type { ConfigurationProblem } from '@camflow/config';

/** Logs what a configuration holds in vain. */
export function logWarnings(warnings: readonly ConfigurationProblem[], log: Logger): void {
  for (const { where, message } of warnings) log.warn(message, { where });
}
