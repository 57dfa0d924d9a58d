import { expect, test } from 'vitest';
import { entryOf } from './package-manifest.ts';

test.each([
  [{}, 'index.js'],
  [{ main: 'lib/a.js' }, 'lib/a.js'],
  [{ exports: './a.js', main: 'b.js' }, './a.js'],
  [{ exports: { '.': './a.js', './b': './b.js' } }, './a.js'],
  [{ exports: { types: './a.d.ts', require: './a.cjs', import: './a.mjs' } }, './a.mjs'],
  [{ exports: { '.': { types: './a.d.ts', default: './a.js' } } }, './a.js'],
  [{ exports: { '.': { import: { types: './a.d.ts', default: './a.js' } } } }, './a.js'],
  [{ exports: { '.': [{ node: './a.js' }, './b.js'] } }, './a.js'],
  [{ exports: { './b': './b.js' } }, undefined],
  [{ exports: { '.': { require: './a.cjs' } } }, undefined],
  [{ exports: null }, undefined],
  [{ exports: '/etc/passwd' }, undefined],
])('%j is imported from %s', (manifest, entry) => {
  expect(entryOf(manifest)).toBe(entry);
});
