import { expect, test } from 'vitest';
import { requireContexts } from './security-contexts.ts';

test.each([
  [['lockdown', 'capability', 'yama', 'apparmor', 'bpf']],
  [['apparmor']],
  // What cannot be told is not refused.
  [undefined],
])('contexts are met with %j', (modules) => {
  expect(() => requireContexts(modules)).not.toThrow();
});

test.each([[['lockdown', 'capability', 'selinux', 'bpf']], [['capability']]])(
  'no contexts are met with %j',
  (modules) => {
    expect(() => requireContexts(modules)).toThrow(
      expect.objectContaining({
        code: 'UNSUPPORTED',
        message: expect.stringContaining(`the active modules are ${modules.join(',')}`),
        hint: expect.stringContaining('AppArmor'),
      }),
    );
  },
);
