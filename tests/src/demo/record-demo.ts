// Records core/cli/assets/demo.capture anew, in the guest: `pnpm demo:record`.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { runGuest } from '@camflow/guest';
import { repositoryRoot } from '../structure/workspace.ts';

const inGuest = '/root/demo.capture';
const capture = path.join(repositoryRoot, 'core/cli/assets/demo.capture');
const result = await runGuest(
  { command: ['bash', '/camflow/tests/fixtures/demo/record.sh'], fetch: [inGuest], timeoutMs: 540_000 },
  process,
);
const recorded = result.files.get(inGuest);
if (result.status === 0 && recorded !== undefined) {
  writeFileSync(capture, recorded);
  process.stdout.write(`${path.relative(process.cwd(), capture)}: ${recorded.length} bytes\n`);
} else {
  process.exitCode = result.status || 1;
}
