import type { LogFields, Logger } from '@camflow/api';

/** How much is logged: a level and everything above it. */
export const logLevels = ['debug', 'info', 'warn', 'error'] as const;

/** One of {@link logLevels}. */
export type LogLevel = (typeof logLevels)[number];

/** Where log lines go. */
export interface LineWriter {
  write(line: string): unknown;
}

/**
 * Writes one line per message in logfmt: `time=... level=warn program=camflowd msg="..." key=value`. Values are
 * quoted where they need it, so that no name of a file can forge a line.
 */
export function createLineLogger(program: string, level: LogLevel, out: LineWriter): Logger {
  const threshold = logLevels.indexOf(level);
  const at =
    (own: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      if (logLevels.indexOf(own) < threshold) return;
      const parts = [`time=${new Date().toISOString()}`, `level=${own}`, `program=${program}`];
      parts.push(`msg=${JSON.stringify(message)}`);
      for (const [key, value] of Object.entries(fields)) {
        if (value !== undefined) parts.push(`${key}=${formatValue(value)}`);
      }
      out.write(`${parts.join(' ')}\n`);
    };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

function formatValue(value: string | number | bigint | boolean): string {
  if (typeof value !== 'string') return String(value);
  return /^[\w.:/@+-]+$/.test(value) ? value : JSON.stringify(value);
}
