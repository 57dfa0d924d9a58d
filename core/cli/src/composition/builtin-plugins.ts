import type { PluginKind } from '@camflow/api';
import type { BuiltinPlugin } from '@camflow/runtime';

type Row = readonly [kind: PluginKind, name: string, packageName: string, aliases?: readonly string[]];

/** Every plugin that comes with the recorder. Adding one means adding a row here and a dependency. */
const rows: readonly Row[] = [
  ['source', 'kernel', '@camflow/source-kernel'],
  ['source', 'replay', '@camflow/source-replay'],
  ['policy', 'all', '@camflow/policy-all'],
  ['policy', 'filter', '@camflow/policy-filter'],
  ['policy', 'camflow', '@camflow/policy-camflow'],
  ['format', 'w3c', '@camflow/format-w3c'],
  ['format', 'spade_json', '@camflow/format-spade-json'],
  ['format', 'raw', '@camflow/format-raw'],
  ['sink', 'null', '@camflow/sink-null'],
  ['sink', 'stdout', '@camflow/sink-stdout'],
  ['sink', 'log', '@camflow/sink-log'],
  ['sink', 'mqtt', '@camflow/sink-mqtt'],
  ['sink', 'unix_socket', '@camflow/sink-unix-socket', ['unix']],
  ['sink', 'fifo', '@camflow/sink-fifo'],
  ['sink', 'capture', '@camflow/sink-capture'],
];

/** Where the built-in plugins are. Nothing is imported until one of them is asked for. */
export function builtinPlugins(): readonly BuiltinPlugin[] {
  return rows.map(([kind, name, packageName, aliases]) => ({
    kind,
    name,
    moduleUrl: import.meta.resolve(packageName),
    ...(aliases ? { aliases } : {}),
  }));
}
