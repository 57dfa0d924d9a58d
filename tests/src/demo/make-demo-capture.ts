// Makes core/cli/assets/demo.capture anew: `node tests/dist/demo/make-demo-capture.js`.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { writeRelayDirectory } from '@camflow/testkit';
import { runCamflow } from 'camflow';
import { repositoryRoot } from '../structure/workspace.ts';
import { createDemoStory, demoDate } from './demo-story.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'camflow-demo-'));
const capture = path.join(repositoryRoot, 'core/cli/assets/demo.capture');
try {
  writeRelayDirectory(folder, createDemoStory());
  rmSync(capture, { force: true });
  const options = ['--format', 'raw', '--output', capture, '--set', `replay.date=${demoDate}`];
  process.exitCode = await runCamflow(['replay', folder, ...options]);
} finally {
  rmSync(folder, { recursive: true });
}
