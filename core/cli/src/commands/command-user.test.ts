import { describe, expect, test } from 'vitest';
import { commandUser } from './command-user.ts';

const notRoot = process.getuid?.() !== 0;
const note = notRoot ? ' (skipped: not root)' : '';
// The user of mail: uid 8 wherever there is one.
const caller = '8';

describe.skipIf(notRoot)(`for whom a command is run under sudo${note}`, () => {
  const uidFor = (called: string | undefined): number | undefined =>
    commandUser(undefined, { SUDO_UID: caller, SUDO_COMMAND: called })?.uid;

  test.for([
    '/usr/local/bin/camflow record -- make',
    '/srv/clone/core/cli/bin/camflow.js record -- sh build.sh',
    '/usr/bin/node /srv/clone/core/cli/bin/camflow.js record -- make',
    '/usr/bin/nice -n 5 camflow record -- make',
    '/usr/bin/npx --yes pnpm@10 exec camflow record -- make',
  ])('its caller: %s', (called) => {
    expect(uidFor(called)).toBe(Number(caller));
  });

  test.for([
    '/bin/bash',
    '/usr/bin/bash -c camflow record -- id -u',
    '/usr/bin/sh /srv/camflow/backup.sh',
    '/srv/camflow/backup.sh',
    '/usr/bin/env sh -c camflow record -- make',
    '/usr/bin/make -C /srv/camflow',
    '/usr/bin/camflow-backup',
    undefined,
  ])('root: %s', (called) => {
    expect(uidFor(called)).toBeUndefined();
  });
});
