import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { repositoryRoot } from '../structure/workspace.ts';
import { programsOf } from './bpf-object.ts';
import { programsPage } from './programs-page.ts';

const folder = path.join(repositoryRoot, 'kernel/dist/bpf');
/** What a program may have: more than any has now, so that growth is noticed while something can be done about it. */
const ceilings = { instructions: 7100, ownInstructions: 1110, stackBytes: 480 } as const;
/** What those may have of their own that run at nearly every system call: about a tenth more than they have now. */
const hotCeilings: Readonly<Record<string, number>> = {
  cf_inode_permission: 550,
  cf_file_permission: 670,
  cf_inode_getattr: 560,
  cf_file_open: 610,
  cf_mmap_file: 570,
  cf_pipe_read: 540,
  cf_anon_pipe_read: 540,
  cf_socket_sendmsg: 820,
  cf_sock_recvmsg: 690,
  cf_packet_egress: 200,
  cf_packet_ingress: 200,
  cf_task_alloc: 420,
  cf_sched_process_fork: 450,
  cf_cred_prepare: 185,
};
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

  test.skipIf(missing !== '')(
    `where they run often are no larger than a little more than now${missing}`,
    () => {
      const own = new Map(
        programsOf(readFileSync(file)).map(({ name: program, ownInstructions }) => [
          program,
          ownInstructions,
        ]),
      );
      for (const [program, ceiling] of Object.entries(hotCeilings)) {
        expect(own.get(program), program).toBeDefined();
        expect(own.get(program), program).toBeLessThanOrEqual(ceiling);
      }
    },
  );
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
