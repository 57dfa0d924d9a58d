import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  apiVersion,
  definePlugin,
  type FilterRule,
  type PolicyDefinition,
  type PolicyProgram,
  programOf,
  type RawOptions,
  type SourceCapabilities,
} from '@camflow/api';
import { loadPlugin } from '@camflow/runtime';
import { acceptedOptions, createTestLogger } from '@camflow/testkit';
import { builtinPlugins } from 'camflow';

/** A policy as a user chooses it. */
export type ChosenPolicy =
  /** The built-in one that reads a camflow.ini: lines of its section `[provenance]`. */
  | { readonly name: 'camflow'; readonly lines: readonly string[] }
  /** The built-in one with filters of its own. */
  | { readonly name: 'filter'; readonly options: RawOptions }
  /** One that says what neither can, as a package of somebody else would. */
  | { readonly name: 'own'; readonly rules: readonly FilterRule[] };

/**
 * Compiles a policy as the recorder does: found by its name, its options put through its schema.
 * @param capabilities - what the source can apply itself
 */
export async function compilePolicy(
  chosen: ChosenPolicy,
  capabilities: SourceCapabilities,
): Promise<PolicyProgram> {
  if (chosen.name === 'own') return compile(ownPolicy(chosen.rules), {}, capabilities);
  if (chosen.name === 'filter') return compileBuiltin(chosen.name, chosen.options, capabilities);
  const folder = mkdtempSync(path.join(tmpdir(), 'camflow-policy-'));
  try {
    const file = path.join(folder, 'camflow.ini');
    writeFileSync(file, ['[provenance]', 'enabled=true', ...chosen.lines, ''].join('\n'));
    return await compileBuiltin(chosen.name, { path: file }, capabilities);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function compileBuiltin(
  requested: string,
  rawOptions: RawOptions,
  capabilities: SourceCapabilities,
): Promise<PolicyProgram> {
  const request = { kind: 'policy', requested, section: requested, rawOptions } as const;
  const { definition } = await loadPlugin(request, { builtins: builtinPlugins(), pluginPath: [] });
  return compile(definition, rawOptions, capabilities);
}

async function compile<Options>(
  definition: PolicyDefinition<Options>,
  rawOptions: RawOptions,
  capabilities: SourceCapabilities,
): Promise<PolicyProgram> {
  const options = await acceptedOptions(definition, rawOptions);
  const context = { log: createTestLogger(), section: definition.name };
  return definition.create(options, context).compile(capabilities);
}

function ownPolicy(rules: readonly FilterRule[]): PolicyDefinition<unknown> {
  return definePlugin({
    kind: 'policy',
    name: 'own',
    summary: 'Rules that the policies of the recorder do not make.',
    apiVersion,
    create: () => ({ compile: ({ pushDown }: SourceCapabilities) => programOf(rules, pushDown) }),
  });
}
