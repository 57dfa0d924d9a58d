import { builtinModules } from 'node:module';
import { describe, expect, test } from 'vitest';
import { importsOf, sourcesOf, workspacePackages } from './workspace.ts';

const packages = workspacePackages();

/** Which packages of ours a package may use, as ARCHITECTURE.md draws it. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  '@camflow/api': [],
  '@camflow/segment': ['@camflow/api'],
  '@camflow/format-compiler': ['@camflow/api'],
  '@camflow/kernel': ['@camflow/api'],
  '@camflow/config': ['@camflow/api'],
  '@camflow/runtime': ['@camflow/api', '@camflow/segment'],
  '@camflow/testkit': ['@camflow/api'],
  '@camflow/disclose': ['@camflow/api'],
};
const allowedToPlugins = ['@camflow/api', '@camflow/segment', '@camflow/format-compiler'];
/** The plugins whose work is a conversation with Linux. */
const kernelUsers = ['@camflow/source-kernel', '@camflow/sink-fifo', '@camflow/sink-unix-socket'];
/** The policy that is written down in a configuration file. */
const configurationUsers = ['@camflow/policy-camflow'];
const composition = ['camflow', '@camflow/tests', '@camflow/bench'];

function mayUse(name: string): readonly string[] {
  if (kernelUsers.includes(name)) return [...allowedToPlugins, '@camflow/kernel'];
  if (configurationUsers.includes(name)) return [...allowedToPlugins, '@camflow/config'];
  return allowed[name] ?? allowedToPlugins;
}

const isOurs = (name: string): boolean => name === 'camflow' || name.startsWith('@camflow/');

function packageNameOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

describe('dependencies run one way', () => {
  test.each(packages.filter(({ name }) => !composition.includes(name)))('$name', (item) => {
    for (const dependency of item.dependencies.filter(isOurs)) {
      expect(mayUse(item.name), `${item.folder}/package.json depends on ${dependency}`).toContain(dependency);
    }
  });

  test.each(packages)('the imports of $name are declared in its manifest', (item) => {
    const forTests = ['vitest', '@camflow/testkit', ...item.devDependencies];
    const sources = sourcesOf(item.folder);
    expect(sources.length).toBeGreaterThan(0);
    for (const file of sources) {
      for (const specifier of importsOf(file)) {
        if (specifier.startsWith('.') || specifier.startsWith('node:')) continue;
        const name = packageNameOf(specifier);
        expect(builtinModules, `${file}: write node:${name}`).not.toContain(name);
        const isTest =
          /\.test\.(kit\.)?ts$|\/test-|\/src\/test\//.test(file) || item.name === '@camflow/tests';
        const declared = isTest ? [...item.dependencies, item.name, ...forTests] : item.dependencies;
        expect(declared, `${file} imports ${specifier}`).toContain(name);
      }
    }
  });

  test('the api imports nothing', () => {
    expect(packages.find(({ name }) => name === '@camflow/api')?.dependencies).toEqual([]);
  });

  test('the container stays in the composition root', () => {
    for (const item of packages.filter(({ name }) => name !== 'camflow')) {
      for (const file of sourcesOf(item.folder)) {
        expect(importsOf(file), file).not.toContain('tsyringe');
        expect(importsOf(file), file).not.toContain('reflect-metadata');
      }
    }
  });
});
