import { captureRecords } from './capture-records.ts';
import { createCorpora } from './corpus.ts';
import { fuzzFiles } from './fuzz-files.ts';
import { fuzzRecords } from './fuzz-records.ts';
import type { Progress } from './progress.ts';

/** What a run of the fuzzer tries. */
export interface FuzzPlan {
  readonly records: number;
  readonly files: number;
  readonly seed: number;
  /** How long each part may take, in milliseconds; `Infinity` for as long as it needs. */
  readonly partMs: number;
}

/** The same progress, which ends after the time for one part. */
function within(progress: Progress, ms: number): Progress {
  const endMs = Date.now() + ms;
  return { step: progress.step, timeIsUp: () => Date.now() >= endMs || progress.timeIsUp() };
}

/** Runs the fuzzer. Says in one line per part what was tried, and how fast. */
export async function runFuzzer(
  plan: FuzzPlan,
  progress: Progress,
  say: (line: string) => void,
): Promise<void> {
  const corpora = createCorpora(captureRecords());
  const started = process.hrtime.bigint();
  const records = await fuzzRecords(corpora, plan.records, plan.seed, within(progress, plan.partMs));
  const middle = process.hrtime.bigint();
  say(
    `records: ${records.records} tried (${records.malformed} of no known type), ${records.units} units and ` +
      `${Math.round(records.outputBytes / 1e6)} MB valid, ${rate(records.records, started, middle)} records/s`,
  );
  const files = await fuzzFiles(plan.files, plan.seed, within(progress, plan.partMs));
  const end = process.hrtime.bigint();
  say(
    `files: ${files.files} tried (${files.refused} refused), ${files.records} records read, ` +
      `${files.lost} counted as lost, ${rate(files.files, middle, end)} files/s`,
  );
}

function rate(count: number, from: bigint, to: bigint): number {
  return Math.round((count * 1e9) / Math.max(1, Number(to - from)));
}
