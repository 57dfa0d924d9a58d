/** Values that a log line may carry beside its message. */
export type LogFields = Readonly<Record<string, string | number | bigint | boolean | undefined>>;

/** Structured log lines, handed to every plugin. Calls never throw and never wait. */
export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}
