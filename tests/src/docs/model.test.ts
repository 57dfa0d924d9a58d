import { readdirSync } from 'node:fs';
import path from 'node:path';
import { recordTypeOfCode, recordTypes, relationTypeNamed } from '@camflow/api';
import { describe, expect, test } from 'vitest';
import { repositoryRoot } from '../structure/workspace.ts';
import { camflowHooks, hooksOfControl } from './camflow-hooks.ts';
import { hookAreas, modelDefinitions, programsIn } from './hook-tables.ts';
import { modelPages, namesOf } from './model-pages.ts';
import { endTypes, outsideTables } from './relation-ends.ts';

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

  test('name ends that are types of nodes', () => {
    const nodes = recordTypes.filter(({ category }) => category === 'node').map(({ name }) => name);
    for (const { rows } of areas) {
      for (const { from, to } of rows.flatMap(({ records }) => records))
        for (const type of [from, to].flatMap(endTypes)) expect(nodes).toContain(type);
    }
  });

  test('stand for every hook of CamFlow that records, and no other', () => {
    expect(camflowHooks).toHaveLength(62);
    const told = new Set(areas.flatMap(({ rows }) => rows.flatMap(({ camflow }) => camflow)));
    expect([...told].sort()).toEqual(camflowHooks.filter((hook) => !hooksOfControl.includes(hook)).sort());
  });

  test('tell a relation with other ends, or the other way round, from their own', () => {
    const relation = (type: string, from: string, to: string) => ({
      type,
      from: { type: from },
      to: { type: to },
    });
    const own = [relation('write', 'task', 'file'), relation('setattr_inode', 'iattr', 'directory')];
    const others = [relation('write', 'file', 'task'), relation('setattr_inode', 'task', 'directory')];
    expect(outsideTables([...own, ...others])).toEqual([
      'setattr_inode task > directory',
      'write file > task',
    ]);
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
