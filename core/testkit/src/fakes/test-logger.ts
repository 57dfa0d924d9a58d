import type { LogFields, Logger } from '@camflow/api';

/** One line that was logged. */
export interface LoggedLine {
  readonly level: keyof Logger;
  readonly message: string;
  readonly fields: LogFields;
}

/** A logger that keeps its lines. */
export interface TestLogger extends Logger {
  readonly lines: readonly LoggedLine[];
}

/** Makes a logger that keeps its lines. */
export function createTestLogger(): TestLogger {
  const lines: LoggedLine[] = [];
  const at =
    (level: keyof Logger) =>
    (message: string, fields: LogFields = {}): void => {
      lines.push({ level, message, fields });
    };
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
