import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';
import { repositoryRoot } from '../structure/workspace.ts';

const camflow = path.join(repositoryRoot, 'core/cli/bin/camflow.js');
const noNamespaces = spawnSync('unshare', ['-r', '-p', '-f', 'true']).status !== 0;
const note = noNamespaces ? ' (skipped: no user namespaces)' : '';

test.skipIf(noNamespaces).for([
  ['-r', /^ {2}missing {2}This process may not load BPF programs: it is root in a user namespace only\./m],
  ['-rpf', /^ {2}missing {2}This process is in a PID namespace/m],
] as const)(
  `with unshare %s the doctor tells root of a container from root of the machine${note}`,
  ([option, finding]) => {
    const { stdout, status } = spawnSync('unshare', [option, process.execPath, camflow, 'doctor'], {
      encoding: 'utf8',
    });
    expect(stdout).toMatch(finding);
    expect(stdout).toContain('Run it as root of the machine, not of a container.');
    expect(status).not.toBe(0);
  },
);
