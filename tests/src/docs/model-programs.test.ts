import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { repositoryRoot } from '../structure/workspace.ts';
import { programsOf } from './bpf-object.ts';
import { programsPage } from './programs-page.ts';

const folder = path.join(repositoryRoot, 'kernel/dist/bpf');
/** What a program may have: more than any has now, so that growth is noticed while something can be done about it. */
const ceilings = { instructions: 6800, ownInstructions: 1100, stackBytes: 480 } as const;
/** Of the one that the page is about: others make other code. */
const compiler = 'clang version 14.';

describe.for(['camflow.bpf.o', 'camflow-fexit.bpf.o'])('the programs in %s', (name) => {
  const file = path.join(folder, name);
  const missing =
    existsSync(file) || process.env['CAMFLOW_TEST_SYSTEM'] === '1' ? '' : ' (skipped: not built)';

  test.skipIf(missing !== '')(`are no larger than they may be${missing}`, () => {
    const programs = programsOf(readFileSync(file));
    expect(programs.length).toBeGreaterThan(80);
    for (const { name: program, deepest, ...sizes } of programs) {
      expect(sizes.instructions, program).toBeLessThanOrEqual(ceilings.instructions);
      expect(sizes.ownInstructions, program).toBeLessThanOrEqual(ceilings.ownInstructions);
      expect(sizes.stackBytes, deepest.join(', ')).toBeLessThanOrEqual(ceilings.stackBytes);
    }
  });
});

const built = existsSync(path.join(folder, 'camflow.bpf.o'));
const isTheirs = spawnSync('clang', ['--version'], { encoding: 'utf8' }).stdout?.includes(compiler) === true;
const note = built && isTheirs ? '' : ` (skipped: ${built ? `no ${compiler}` : 'not built'})`;

test.skipIf(note !== '')(
  `docs/model/programs.md is what was built (pnpm model writes it anew)${note}`,
  async () => {
    const page = programsPage(programsOf(readFileSync(path.join(folder, 'camflow.bpf.o'))));
    await expect(page).toMatchFileSnapshot(path.join(repositoryRoot, 'docs/model/programs.md'));
  },
);
