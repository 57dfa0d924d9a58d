import { availableParallelism } from 'node:os';
import { type OptionsDefinition, recordTypes } from '@camflow/api';
import * as v from 'valibot';
import { canonicalSection } from './ini-dialect.ts';
import { type MetricsAddress, metricsAddress } from './metrics-address.ts';
import { integer, oneOf, type TextSchema, text } from './option-values.ts';

/** Levels of log lines, the most talkative first. */
export const logLevels = ['debug', 'info', 'warn', 'error'] as const;

/** A level of log lines; lines below it are not printed. */
export type LogLevel = (typeof logLevels)[number];

/** What `[general]` of camflowd.ini sets. Plugins are named as `choosePlugin` takes them. */
export interface RecorderOptions {
  readonly source: string;
  readonly policy: string;
  /** Format of outputs that name none and prefer none. */
  readonly format: string;
  /** At least one, no two alike. */
  readonly outputs: readonly string[];
  /** Absolute folders in which packages are looked up, in order. */
  readonly pluginPath: readonly string[];
  readonly workers: number;
  readonly slabBytes: number;
  readonly drainTimeoutMs: number;
  readonly logLevel: LogLevel;
  /** Absolute folder that holds a folder for the spool of each output; undefined where it is not said. */
  readonly spoolDir: string | undefined;
  /** Types of records to shed under overload, the first to go first. */
  readonly shed: readonly string[];
  /** Where metrics are served; undefined for nowhere. */
  readonly metrics: MetricsAddress | undefined;
}

const mostWorkersByDefault = 4;

/** One processor is left to the thread that reads, and to what is recorded. */
function workersByDefault(processors: number): number {
  return Math.max(1, Math.min(mostWorkersByDefault, processors - 1));
}

/** `unix` is another name of `unix_socket` wherever a section is named. */
const pluginName: TextSchema<string> = v.pipe(text, v.transform(canonicalSection));

const outputList: TextSchema<string[]> = v.pipe(
  v.string(),
  v.transform((given) => splitList(given, /,/).map(canonicalSection)),
  v.check((names) => names.length > 0, 'names no output'),
  v.check(
    (names) => new Set(names).size === names.length,
    'names an output twice; give the second one a section of its own, with plugin=...',
  ),
);

const folderList: TextSchema<string[]> = v.pipe(
  v.string(),
  v.transform((given) => splitList(given, /[:,]/)),
  v.check((folders) => folders.every((folder) => folder.startsWith('/')), 'must hold absolute paths only'),
);

const knownTypes: ReadonlySet<string> = new Set(recordTypes.map(({ name }) => name));

const typeList: TextSchema<string[]> = v.pipe(
  v.string(),
  v.transform((given) => splitList(given, /,/)),
  v.check((names) => names.every((name) => knownTypes.has(name)), 'names a type of record that there is not'),
);

const absoluteFolder: TextSchema<string> = v.pipe(
  v.string(),
  v.check((folder) => folder.startsWith('/') && !folder.includes('\0'), 'must be an absolute path'),
);

function splitList(given: string, separator: RegExp): string[] {
  return given
    .split(separator)
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

const schema = v.pipe(
  v.object({
    source: v.optional(pluginName, 'kernel'),
    policy: v.optional(pluginName, 'all'),
    format: v.optional(pluginName, 'w3c'),
    output: v.optional(outputList, 'log'),
    plugin_path: v.optional(folderList, '/usr/lib/camflow/plugins'),
    workers: v.optional(integer(1, 64)),
    slab_bytes: v.optional(integer(65_536, 67_108_864), '4194304'),
    drain_timeout_ms: v.optional(integer(0, 3_600_000), '30000'),
    log_level: v.optional(oneOf('a log level', logLevels), 'info'),
    spool_dir: v.optional(absoluteFolder),
    metrics: v.optional(metricsAddress),
    shed: v.optional(typeList, ''),
  }),
  v.transform(
    (given): RecorderOptions => ({
      source: given.source,
      policy: given.policy,
      format: given.format,
      outputs: given.output,
      pluginPath: given.plugin_path,
      workers: given.workers ?? workersByDefault(availableParallelism()),
      slabBytes: given.slab_bytes,
      drainTimeoutMs: given.drain_timeout_ms,
      logLevel: given.log_level,
      spoolDir: given.spool_dir,
      metrics: given.metrics,
      shed: given.shed,
    }),
  ),
);

/** `[general]` of camflowd.ini. */
export const recorderOptions: OptionsDefinition<RecorderOptions> = {
  schema,
  keys: {
    source: { summary: 'Where records come from: kernel, replay, or a plugin.', default: 'kernel' },
    policy: { summary: 'Which records are kept: all, filter, or a plugin.', default: 'all' },
    format: {
      summary: 'Format of outputs that name none themselves: w3c, spade_json, raw, or a plugin.',
      default: 'w3c',
    },
    output: {
      summary:
        'Outputs, separated by commas: log, mqtt, unix_socket, fifo, stdout, capture, null, or plugins.',
      default: 'log',
    },
    plugin_path: {
      summary:
        'Folders in which plugin packages are looked up, separated by colons; never the working directory.',
      default: '/usr/lib/camflow/plugins',
    },
    workers: {
      summary: 'Worker threads that decode and format.',
      default: `one less than processors, from 1 to ${mostWorkersByDefault}`,
    },
    slab_bytes: { summary: 'Bytes of one slab of raw records.', default: '4194304' },
    drain_timeout_ms: {
      summary: 'How long a stop waits for outputs to take what was accepted, in milliseconds.',
      default: '30000',
    },
    log_level: { summary: 'Least level of log lines: debug, info, warn or error.', default: 'info' },
    spool_dir: {
      summary: 'Folder for the spools of outputs; one recorder at a time may use it.',
      default: '/var/lib/camflow/spool for root, none for others: then nothing is spooled',
    },
    shed: {
      summary:
        'Types of nodes and relations to leave out while the recorder does not keep up with the kernel, separated by commas, the first to go first; counted as `shed`.',
      default: '',
    },
    metrics: {
      summary:
        'Where to serve metrics for Prometheus, health and readiness: 127.0.0.1:PORT, [::1]:PORT or the absolute path of a socket.',
    },
  },
};
