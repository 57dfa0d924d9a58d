import { beforeAll, describe, expect, test } from 'vitest';
import { whyNoCapture } from '../capture/why-no-capture.ts';
import type { ControlStep, StepOutcome } from './control-step.ts';
import { runSteps } from './steps-in-guest.ts';

/** What a machine keeps on its disk: the guest's own is as before at each of its starts. */
const kept = ['/etc/camflow.ini', '/var/lib/camflow/applied.json', '/var/lib/camflow/file-flags.json'];

const before = {
  configured: {
    shell: `printf '[provenance]\\nenabled=true\\n[file]\\npersist=true\\n' > /etc/camflow.ini; camconfd`,
  },
  track: { camflow: ['--track-file', '/usr/bin/wget', 'propagate'] },
  label: { camflow: ['--taint-file', '/usr/bin/wget', '5'] },
  opaque: { camflow: ['--opaque-file', '/usr/bin/tr', 'true'] },
  save: { shell: 'camconfd --save; cat /proc/sys/kernel/random/boot_id' },
} as const satisfies Record<string, ControlStep>;

const after = {
  configured: { shell: 'camconfd; cat /proc/sys/kernel/random/boot_id' },
  tracked: { camflow: ['--file', '/usr/bin/wget'] },
  opaque: { camflow: ['--file', '/usr/bin/tr'] },
  other: { camflow: ['--file', '/usr/bin/cat'] },
} as const satisfies Record<string, ControlStep>;

describe.for(['6.1', '6.12'] as const)('two starts of one machine, on %s', (kernel) => {
  const reason = whyNoCapture(kernel, 'long');
  const note = reason === undefined ? '' : ` (skipped: ${reason})`;
  const run = test.skipIf(reason !== undefined);
  let told: ReadonlyMap<ControlStep, StepOutcome>;
  const outcomeOf = (step: ControlStep): StepOutcome => told.get(step)!;

  beforeAll(async () => {
    if (reason !== undefined) return;
    const first = await runSteps(kernel, Object.values(before), { fetch: kept });
    const second = await runSteps(kernel, Object.values(after), { given: first.files });
    told = new Map([...first.outcomes, ...second.outcomes]);
  }, 900_000);

  run(`what is said about files by hand holds again after the machine was started anew${note}`, () => {
    for (const step of [...Object.values(before), ...Object.values(after)]) {
      expect(outcomeOf(step), JSON.stringify(step)).toMatchObject({ status: 0, err: '' });
    }
    const bootOf = (step: ControlStep): string => outcomeOf(step).out.trimEnd().split('\n').at(-1)!;
    expect(bootOf(after.configured)).not.toBe(bootOf(before.save));
    expect(outcomeOf(after.configured).out).toMatch(/^Of 2 files is said again what was before/m);
    expect(outcomeOf(after.tracked).out).toMatch(/^File propagates tracking\.$/m);
    expect(outcomeOf(after.tracked).out).toMatch(/^Taint: 20$/m);
    expect(outcomeOf(after.opaque).out).toMatch(/^File is opaque\.$/m);
    expect(outcomeOf(after.other).out).toMatch(/^File is not tracked\.\nFile is not opaque\.$/m);
  });
});
