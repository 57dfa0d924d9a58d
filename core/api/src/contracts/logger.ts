/** Values that a log line may carry beside its message. */
export type LogFields = Readonly<Record<string, string | number | bigint | boolean | undefined>>;

/** Structured log lines, handed to every plugin. Calls never throw and never wait. */
export interface Logger {
  /** What helps to find a defect; not printed by default. */
  debug(message: string, fields?: LogFields): void;
  /** What whoever runs the recorder may want to know. */
  info(message: string, fields?: LogFields): void;
  /** What may need attention; the recorder goes on by itself. */
  warn(message: string, fields?: LogFields): void;
  /** What was lost, or will not work until someone acts. */
  error(message: string, fields?: LogFields): void;
}
