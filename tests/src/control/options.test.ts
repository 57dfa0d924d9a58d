import { beforeAll, describe, expect, test } from 'vitest';
import { whyNoCapture } from '../capture/why-no-capture.ts';
import { compareTranscript } from './compare-transcript.ts';
import type { ControlStep, StepOutcome } from './control-step.ts';
import { optionCases, stepsOf } from './option-cases.ts';
import { runSteps, type StepsRun } from './steps-in-guest.ts';
import { otherwise, prepareTranscripts, readTranscripts, whyNoTranscripts } from './transcripts.ts';

const transcripts = whyNoTranscripts === undefined ? readTranscripts() : [];
const optionSteps = optionCases.map(stepsOf);
/** The transcripts leave everything tracked that is in the first cgroup namespace, which is everything. */
const untracked: ControlStep = { camflow: ['--track-cgroup', '4026531835', 'delete'] };

describe.for(['6.1', '6.12'] as const)('options of camflow, with BPF programs on %s', (kernel) => {
  const reason = whyNoCapture(kernel, 'long');
  const note = reason === undefined ? '' : ` (skipped: ${reason})`;
  const run = test.skipIf(reason !== undefined);
  let told: StepsRun;
  const outcomeOf = (step: ControlStep): StepOutcome => told.outcomes.get(step)!;

  beforeAll(async () => {
    if (reason !== undefined) return;
    const commands = transcripts.map(({ step }) => step);
    const configured: ControlStep = { shell: 'camconfd --quiet' };
    told = await runSteps(kernel, [
      prepareTranscripts,
      ...commands,
      untracked,
      configured,
      ...optionSteps.flat(),
    ]);
  }, 900_000);

  const noTranscripts = whyNoTranscripts === undefined ? note : ` (skipped: ${whyNoTranscripts})`;
  test.skipIf(reason !== undefined || whyNoTranscripts !== undefined)(
    `every transcript of CamFlow gives the same text, listed differences apart${noTranscripts}`,
    () => {
      const differences = transcripts.flatMap((transcript) => {
        const found = compareTranscript(transcript, outcomeOf(transcript.step));
        return found === undefined || otherwise.has(transcript.number) ? [] : [found];
      });
      expect(differences).toEqual([]);
    },
  );

  run(`each option does what it says${note}`, () => {
    const wrong = optionCases.flatMap(({ argv, says, shows, hides, fails = false }, index) => {
      const [done, seen] = optionSteps[index]!.map(outcomeOf);
      const problems = [
        ...((done!.status !== 0) === fails ? [] : [`ended with ${done!.status}: ${done!.err}`]),
        ...(fails && !/^camflow: [^\n]+\n([^\n]+\n)?$/.test(done!.err) ? [`said ${done!.err}`] : []),
        ...(says === undefined
          ? done!.out === ''
            ? []
            : [`said ${done!.out}`]
          : says.test(done!.out)
            ? []
            : [done!.out]),
        ...(shows === undefined || shows.test(seen!.out)
          ? []
          : [`does not show in ${seen!.out}${seen!.err}`]),
        ...(hides?.test(seen!.out) === true ? [`still shows in ${seen!.out}`] : []),
      ];
      return problems.map((problem) => `${argv.join(' ')}: ${problem}`);
    });
    expect(wrong).toEqual([]);
  });
});
