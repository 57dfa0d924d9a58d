import type { LogFields, Logger } from '@camflow/api';

/** A logger whose lines name the section of the plugin that writes them. */
export function createSectionLogger(log: Logger, section: string): Logger {
  const withSection = (fields?: LogFields): LogFields => ({ section, ...fields });
  return {
    debug: (message, fields) => log.debug(message, withSection(fields)),
    info: (message, fields) => log.info(message, withSection(fields)),
    warn: (message, fields) => log.warn(message, withSection(fields)),
    error: (message, fields) => log.error(message, withSection(fields)),
  };
}
