import type { BuiltinPlugin, PluginListing } from '@camflow/runtime';
import { listPlugins } from '@camflow/runtime';

const titles = { source: 'sources', policy: 'policies', format: 'formats', sink: 'outputs' } as const;

/** `camflow plugins`: what is there, by kind, and what is there but cannot be used. */
export async function describePlugins(
  builtins: readonly BuiltinPlugin[],
  pluginPath: readonly string[],
  withOptions: boolean,
): Promise<string> {
  const listings = await listPlugins({ builtins, pluginPath });
  const lines: string[] = [];
  for (const [kind, title] of Object.entries(titles)) {
    lines.push(title);
    for (const listing of listings.filter((each) => each.kind === kind)) {
      lines.push(describeListing(listing), ...(withOptions ? describeOptions(listing) : []));
    }
  }
  const broken = listings.filter(({ problem }) => problem !== undefined);
  if (broken.length > 0) {
    lines.push(
      'cannot be used',
      ...broken.map(({ name, where, problem }) => `  ${name} (${where}): ${problem}`),
    );
  }
  lines.push(`looked in ${pluginPath.join(', ') || 'no folder'} and among the built-in plugins`);
  return lines.join('\n');
}

function describeListing({ name, version, builtin, summary, where }: PluginListing): string {
  const origin = builtin ? 'built in' : `${version ?? 'no version'}, ${where}`;
  return `  ${name.padEnd(14)} ${summary} (${origin})`;
}

function describeOptions({ options }: PluginListing): string[] {
  return Object.entries(options).map(([key, { summary, default: fallback }]) => {
    return `      ${key}: ${summary}${fallback === undefined ? '' : ` Default: ${fallback}.`}`;
  });
}
