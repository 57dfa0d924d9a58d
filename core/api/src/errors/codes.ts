/**
 * Every error code of the project, with what it means. The table in docs/errors.md is generated from this
 * one, and a test holds them together. A code, once published, keeps its meaning.
 */
export const errorCodes = {
  CONFIG_UNREADABLE: 'A configuration file cannot be read or is not text.',
  CONFIG_SYNTAX: 'A line of a configuration file is neither a section, an assignment nor a comment.',
  CONFIG_UNKNOWN_KEY: 'A section or key is not known (an error only with --strict).',
  CONFIG_BAD_VALUE: 'A value is not one that its option accepts.',
  CONFIG_MISSING_SECRET: 'A value names an environment variable or file that does not exist.',
  PLUGIN_NOT_FOUND: 'No plugin of that name is built in or found on plugin_path.',
  PLUGIN_UNTRUSTED: 'A plugin file, or a folder above it, could be changed by someone other than its owner.',
  PLUGIN_LOAD_FAILED: 'A plugin module threw while it was imported.',
  PLUGIN_INVALID: 'A module does not default-export a plugin definition.',
  PLUGIN_WRONG_KIND: 'A plugin of another kind was named (a sink where a format is expected, say).',
  PLUGIN_WRONG_API: 'A plugin was made for another version of the plugin interface.',
  PLUGIN_BAD_OPTIONS: 'The options of a plugin were refused by its schema.',
  PLUGIN_CREATE_FAILED: 'The factory of a plugin threw.',
  SOURCE_UNAVAILABLE: 'A capture source cannot be opened.',
  SOURCE_FAILED: 'A capture source failed while it was being read.',
  SOURCE_CORRUPT: 'A capture file holds no frame that can be read.',
  FORMAT_FAILED: 'A formatter threw on a record.',
  SINK_UNAVAILABLE: 'An output cannot be reached now; trying again may help.',
  SINK_REJECTED: 'An output refused a unit for good; trying again does not help.',
  SINK_MISCONFIGURED: 'An output cannot work as configured.',
  SPOOL_UNAVAILABLE: 'The spool of an output cannot be opened, or belongs to a recorder that runs.',
  WORKER_FAILED: 'A worker thread ended while it was at work.',
  PIPELINE_STATE: 'A call came at a time when it is not allowed.',
  SYSTEM_CALL_FAILED: 'A system call failed.',
  PERMISSION_DENIED: 'The process lacks a privilege that the operation needs.',
  UNSUPPORTED: 'This kernel, or this way of capture, cannot do what was asked for.',
  DISCLOSURE_REFUSED: 'What a program told of itself was not acceptable.',
  USAGE: 'A command line cannot be understood.',
  INTERNAL: 'A defect of the project: please report it.',
} as const;

/** A stable name for a kind of failure; compare this, never the class of an error. */
export type ErrorCode = keyof typeof errorCodes;
