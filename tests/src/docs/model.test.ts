import { readdirSync } from 'node:fs';
import path from 'node:path';
import { recordTypeOfCode, recordTypes, relationTypeNamed } from '@camflow/api';
import { describe, expect, test } from 'vitest';
import { repositoryRoot } from '../structure/workspace.ts';
import { hookAreas, modelDefinitions, programsIn } from './hook-tables.ts';
import { modelPages, namesOf } from './model-pages.ts';

const areas = hookAreas();
const folder = path.join(repositoryRoot, 'docs/model');

describe('the tables of hooks beside the programs', () => {
  test.each(areas)(
    'the table of $name has every program of its file, once, and no other',
    ({ source, rows }) => {
      expect(rows.flatMap(({ programs }) => programs).sort()).toEqual(
        programsIn(source)
          .map(({ name }) => name)
          .sort(),
      );
    },
  );

  test('name relations that there are', () => {
    for (const { rows } of areas) {
      for (const record of rows.flatMap(({ records }) => records)) {
        for (const name of namesOf(record)) expect(relationTypeNamed(name), name).toBeDefined();
      }
    }
  });

  test('name every relation that their file writes', () => {
    const definitions = modelDefinitions();
    for (const { name, source, rows } of areas) {
      const told = new Set(rows.flatMap(({ records }) => records).flatMap(namesOf));
      if (rows.length === 0) continue;
      for (const [word] of source.matchAll(/\bCF_[A-Z_]+\b/g)) {
        const definition = definitions.get(word);
        if (definition === undefined || !('bit' in definition)) continue;
        const type = typeOf(definition.class, definition.bit);
        expect(told, `${name}.hooks.json, ${word} of ${name}.bpf.c`).toContain(type?.name);
      }
    }
  });
});

test('numbers of relations and codes of nodes in model.h are those of the record types', () => {
  const definitions = modelDefinitions();
  expect(definitions.size).toBeGreaterThan(90);
  for (const [name, definition] of definitions) {
    if ('code' in definition) expect(recordTypeOfCode(definition.code), name).toBeDefined();
    else expect(typeOf(definition.class, definition.bit), name).toBeDefined();
  }
});

test('docs/model is what the tables say (run vitest with -u to write it anew)', async () => {
  const pages = modelPages(areas);
  for (const [file, page] of pages) await expect(page).toMatchFileSnapshot(path.join(folder, file));
  const there = readdirSync(path.join(folder, 'hooks')).map((name) => `hooks/${name}`);
  expect(there.filter((name) => !pages.has(name))).toEqual([]);
});

function typeOf(relationClass: string, bit: number) {
  return recordTypes.find(
    ({ category, class: each, code }) =>
      category === 'relation' && each === relationClass && (code & 0xffff_ffff_ffffn) === 1n << BigInt(bit),
  );
}
