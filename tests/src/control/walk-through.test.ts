import { spawnSync } from 'node:child_process';
import { ruleKinds } from '@camflow/kernel';
import { beforeAll, describe, expect, test } from 'vitest';
import { whyNoCapture } from '../capture/why-no-capture.ts';
import { originsOf, type SpadeEntry, spadeEntries } from '../system/spade-entries.ts';
import type { StepOutcome } from './control-step.ts';
import { forgottenLines, sayByHand } from './fed-back.ts';
import { spadeTies, tasksTiedTo, w3cTies } from './linked-processes.ts';
import { runSteps, type StepsRun } from './steps-in-guest.ts';
import { fetched, stepsInOrder, type WalkThroughStep, walkThrough } from './walk-through.ts';

test('every line of shell of the steps can be read', () => {
  for (const step of stepsInOrder) {
    if (!('shell' in step)) continue;
    const { status, stderr } = spawnSync('bash', ['-n'], { input: step.shell, encoding: 'utf8' });
    expect(status, `${step.shell}\n${stderr}`).toBe(0);
  }
});

test('what is said by hand before it is fed back is of every kind of rule that there is', () => {
  const named = (kind: string): boolean => forgottenLines.some((line) => line.startsWith(`+ ${kind}.`));
  // Contexts are said where the kernel has any.
  expect(ruleKinds.filter((kind) => !named(kind))).toEqual(['secctx']);
});

describe.for(['6.1', '6.12'] as const)('CamFlow as its users begin, on %s', (kernel) => {
  const reason = whyNoCapture(kernel, 'long');
  const note = reason === undefined ? '' : ` (skipped: ${reason})`;
  const run = test.skipIf(reason !== undefined);
  let all: StepsRun;
  const logs = new Map<string, SpadeEntry[]>();
  const told = (name: WalkThroughStep): StepOutcome => all.outcomes.get(walkThrough[name])!;

  beforeAll(async () => {
    if (reason !== undefined) return;
    const names = Object.values(fetched);
    all = await runSteps(kernel, stepsInOrder, { fetch: names });
    for (const name of [fetched.first, fetched.second]) logs.set(name, spadeEntries(all.files.get(name)!));
  }, 900_000);

  run(`a tracked wget is recorded with what it wrote, and what it wrote is tracked${note}`, () => {
    for (const name of ['configured', 'recorder', 'track', 'download', 'stop'] as const) {
      expect(told(name).status, `${name}: ${told(name).err}`).toBe(0);
    }
    expect(told('state').out).toMatch(/^- capture enabled;\n- all disabled;$/m);
    expect(told('written').out).toMatch(/^File is tracked\.\n.*\nFile is not propagating tracking\.$/m);
    expect(told('onlyRead').out).toMatch(/^File is not tracked\.$/m);
    const origins = originsOf(logs.get(fetched.first)!, 'file', '/root/page');
    expect(origins).toContain('process_memory /usr/bin/wget');
    expect(origins).toContain('argv http://127.0.0.1:8080/page');
    // Who reads what it wrote is seen, too.
    expect(namesOf(logs.get(fetched.first)!)).toContain('/usr/bin/cat');
  });

  run(`every file in the graph of one tracked program has a name${note}`, () => {
    for (const entries of logs.values()) {
      const files = entries.filter(({ annotations }) => annotations?.['object_type'] === 'file');
      expect(files.length).toBeGreaterThan(3);
      expect(files.filter(({ annotations }) => annotations?.['cf:name'] === undefined)).toEqual([]);
    }
  });

  run(`the same by camflow.ini${note}`, () => {
    expect(told('untracked').out).toMatch(/^File is not tracked\.$/m);
    expect(told('edited').out).toContain('+ file /usr/bin/wget tracked');
    expect(told('writtenAgain').out).toMatch(/^File is tracked\.$/m);
    const origins = originsOf(logs.get(fetched.second)!, 'file', '/root/again');
    expect(origins).toContain('process_memory /usr/bin/wget');
  });

  run(`what is said about files outlives a start of the machine where camflow.ini asks for it${note}`, () => {
    expect(told('save').out).toMatch(/^What is said about \d+ files is saved/);
    expect(told('forgotten').out).toContain('+ file /usr/bin/wget tracked');
    expect(told('configuredAgain').out).toMatch(/^Of \d+ files is said again what was before/);
    expect(told('kept').out).toMatch(/^File is tracked\.$/m);
  });

  run(`what -c prints gives the policy again to a machine that knows nothing of it${note}`, () => {
    for (const step of sayByHand)
      expect(all.outcomes.get(step), JSON.stringify(step)).toMatchObject({ status: 0 });
    expect(told('forget').status, told('forget').err).toBe(0);
    const changes = told('forget').out;
    expect(forgottenLines.filter((line) => !changes.includes(line))).toEqual([]);
    const { status, out, err } = told('fedBack');
    expect(status, `${out}${err}`).toBe(0);
    expect({ out, err }).toEqual({ out: '', err: '' });
  });

  run(`what a program tells of is tied to its process, in both formats${note}`, () => {
    expect(told('userDiscloses').status, told('userDiscloses').err).toBe(0);
    const process = Number(told('userDiscloses').out.split('\n')[0]);
    for (const ties of [spadeTies(logs.get(fetched.first)!), w3cTies(all.files.get(fetched.prov)!)]) {
      for (const name of ['user', 'counting words', 'count']) {
        expect([...tasksTiedTo(ties, name)], name).toEqual([process]);
      }
    }
  });

  run(`any user reads the state and discloses, and changes nothing${note}`, () => {
    expect(told('userState').out).toBe(told('rootState').out);
    for (const name of ['userChanges', 'userMarks', 'userLooks'] as const) {
      const { status, out, err } = told(name);
      expect({ status: status !== 0, out }).toEqual({ status: true, out: '' });
      expect(err).toMatch(/^camflow: [^\n]+\n([^\n]+\n)?$/);
    }
    expect(told('userTouches').out).toBe('/run/camflow/control.sock\n');
    expect(told('hashAfter').out).toBe(told('hashBefore').out);
  });
});

function namesOf(entries: readonly SpadeEntry[]): string[] {
  return entries.flatMap(({ annotations = {} }) =>
    ['cf:name', 'name'].flatMap((key) => (annotations[key] === undefined ? [] : [String(annotations[key])])),
  );
}
