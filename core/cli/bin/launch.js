import { existsSync } from 'node:fs';

/** Runs a program of this package. A checkout that is not built yet has none: says so, with the command that builds it. */
export async function launch(program) {
  const module = new URL(`../dist/programs/${program}.js`, import.meta.url);
  if (existsSync(module)) {
    await import(module.href);
    return;
  }
  process.stderr.write(
    `${program}: this checkout is not built yet. Build it, from its top folder, with: npx --yes pnpm@10 exec tsc -b\n`,
  );
  process.exitCode = 1;
}
