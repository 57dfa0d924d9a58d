import { CamflowError } from '@camflow/api';
import { type Accounts, createSecurityfsControl, LabelTable, stateJson } from '@camflow/kernel';
import { CamflowKernel } from '@camflow/testkit';
import { expect, test } from 'vitest';
import type { ControlRun } from './run-control.ts';
import { runControl } from './run-control.ts';
import { runControlForAnyUser } from './show-state.ts';

const accounts: Accounts = {
  userId: (name) => ({ root: 0, ada: 1000 })[name],
  groupId: (name) => ({ root: 0, ada: 1000 })[name],
  userName: (id) => ({ 0: 'root', 1000: 'ada' })[id],
  groupName: (id) => ({ 0: 'root', 1000: 'ada' })[id],
};
const control = createSecurityfsControl({ files: new CamflowKernel() });
const asRoot: ControlRun = {
  open: () => control,
  accounts,
  labels: new LabelTable('/none'),
  colour: false,
};
const asUser: ControlRun = {
  ...asRoot,
  open: () => {
    throw new CamflowError('PERMISSION_DENIED', 'May not look');
  },
};
const askState = async (): Promise<unknown> => JSON.parse(JSON.stringify(stateJson(control, accounts)));

const policy = [
  ['-e', 'true'],
  ['--compress-node', 'false'],
  ['--node-filter', 'directory', 'true'],
  ['--node-filter', 'envp', 'true'],
  ['--edge-filter', 'read', 'true'],
  ['--edge-propagate-filter', 'write', 'true'],
  ['--track-user', 'ada', 'propagate'],
  ['--track-user', 'root', 'opaque'],
  ['--track-group', 'ada', 'track'],
  ['--track-cgroup', '4026531835', 'propagate'],
  ['--track-ipv4-egress', '10.1.2.3/8:80', 'record'],
] as const;

test('any user is shown the same state by the recorder that root is shown by the kernel', async () => {
  for (const argv of policy) runControl(argv, asRoot);
  for (const flag of ['-s', '-c', '-p', '-v', '--drop']) {
    for (const argv of [[flag], [flag, '--json']]) {
      expect(await runControlForAnyUser(argv, asUser, askState)).toBe(runControl(argv, asRoot));
    }
  }
});

test('everything else stays denied, and so does the state where no recorder runs', async () => {
  const denied = { code: 'PERMISSION_DENIED', message: 'May not look' };
  for (const argv of [...policy, ['--file', '/etc/passwd'], ['--process', '1'], ['--change-epoch']]) {
    await expect(runControlForAnyUser(argv, asUser, askState)).rejects.toMatchObject(denied);
  }
  const silent = () => Promise.reject(new Error('no recorder'));
  await expect(runControlForAnyUser(['-s'], asUser, silent)).rejects.toMatchObject(denied);
  const strange = async () => ({ backend: 'other' });
  await expect(runControlForAnyUser(['-s'], asUser, strange)).rejects.toThrow(/does not understand/);
});
