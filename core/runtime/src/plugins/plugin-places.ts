import type { PluginKind } from '@camflow/api';

/** A plugin that comes with the program. */
export interface BuiltinPlugin {
  /** Name in configuration, `unix_socket`. */
  readonly name: string;
  readonly kind: PluginKind;
  /** File URL of the module that default-exports its definition. */
  readonly moduleUrl: string;
  /** Other names that configuration may use. */
  readonly aliases?: readonly string[];
}

/** Where plugins may come from. Never the working directory. */
export interface PluginPlaces {
  /** Given by the composition root. They are as trustworthy as the program itself and are not checked. */
  readonly builtins: readonly BuiltinPlugin[];
  /** Absolute folders in which packages are looked up, in order: `DIR/node_modules/NAME`, then `DIR/NAME`. */
  readonly pluginPath: readonly string[];
}

/** The built-in plugin of a name; one of the wanted kind before all others. */
export function findBuiltin(
  builtins: readonly BuiltinPlugin[],
  name: string,
  kind: PluginKind,
): BuiltinPlugin | undefined {
  const named = builtins.filter((plugin) => plugin.name === name || plugin.aliases?.includes(name));
  return named.find((plugin) => plugin.kind === kind) ?? named[0];
}
