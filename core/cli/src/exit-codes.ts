import { isCamflowError } from '@camflow/api';

/** Exit statuses of every program; docs/errors.md lists them. */
export const exitCodes = {
  ok: 0,
  /** A run failed after it had started. */
  failed: 1,
  /** The command line or the configuration is wrong; nothing was started. */
  misconfigured: 2,
  /** A plugin cannot be found, trusted or loaded; nothing was started. */
  plugin: 3,
  /** A source or an output is not there; nothing was captured. */
  unavailable: 4,
} as const;

/** Codes of failures to open. */
const unavailable: ReadonlySet<string> = new Set([
  'SOURCE_UNAVAILABLE',
  'SOURCE_CORRUPT',
  'SINK_UNAVAILABLE',
  'SINK_MISCONFIGURED',
  'SPOOL_UNAVAILABLE',
  'PERMISSION_DENIED',
  'UNSUPPORTED',
]);

/** The exit status that tells what kind of failure this was. */
export function exitCodeOf(error: unknown): number {
  if (!isCamflowError(error)) return exitCodes.failed;
  if (error.code === 'USAGE' || error.code.startsWith('CONFIG_')) return exitCodes.misconfigured;
  if (error.code === 'PLUGIN_BAD_OPTIONS') return exitCodes.misconfigured;
  if (error.code.startsWith('PLUGIN_')) return exitCodes.plugin;
  return unavailable.has(error.code) ? exitCodes.unavailable : exitCodes.failed;
}
