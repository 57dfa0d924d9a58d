/** What `tests/fixtures/guest/load.sh` tells. */
export interface LoadFigures {
  /** Exit status of the recorder. */
  readonly status: string;
  /** Seconds that the load went on, the recorder recording. */
  readonly seconds: number;
  /** Seconds from its end to that of the recorder: what it had not read or written yet. */
  readonly drainSeconds: number;
  /** How often the load got through. */
  readonly rounds: number;
  /** As the recorder says it. */
  readonly balance: string;
  readonly produced: number;
  readonly delivered: number;
  readonly filtered: number;
  readonly dropped: number;
  /** Records that the programs numbered, as the doctor says it, and what it says of losses. */
  readonly taken: number;
  readonly lost: string;
  /** KiB that the recorder had, 20 times in equal distances. */
  readonly memory: readonly number[];
  /** Programs that were started meanwhile, and milliseconds until they had ended. */
  readonly starts: { readonly number: number; readonly median: number; readonly most: number };
}

/**
 * Reads what the script printed.
 * @throws Error where a line is missing, with all that there is
 */
export function loadFiguresOf(output: string): LoadFigures {
  const parts = (pattern: RegExp): string[] => {
    const found = pattern.exec(output);
    if (found === null) throw new Error(`nothing is like ${pattern}:\n${output}`);
    return found.slice(1);
  };
  const numbers = (pattern: RegExp): number[] => parts(pattern).map(numberOf);
  const [seconds] = numbers(/^took (\d+)$/m);
  const [ended] = numbers(/^ended after (\d+)$/m);
  const [produced, delivered, filtered, dropped] = numbers(
    /^balance ([\d,]+) produced = ([\d,]+) delivered \+ ([\d,]+) filtered \+ ([\d,]+) dropped/m,
  );
  const [number, median, most] = numbers(/^probe starts (\d+) median (\d+) most (\d+)$/m);
  return {
    status: parts(/^status (\d+)$/m)[0]!,
    seconds: seconds!,
    drainSeconds: ended! - seconds!,
    rounds: numbers(/^rounds (\d+)$/m)[0]!,
    balance: parts(/^balance (.*)$/m)[0]!,
    produced: produced!,
    delivered: delivered!,
    filtered: filtered!,
    dropped: dropped!,
    taken: numbers(/^doctor Since they were loaded: ([\d,]+) records?,/m)[0]!,
    lost: parts(/^doctor Lost: (.*)\.$/m)[0]!,
    memory: [...output.matchAll(/^memory (\d+)$/gm)].map(([, kib]) => Number(kib)),
    starts: { number: number!, median: median!, most: most! },
  };
}

function numberOf(text: string): number {
  return Number(text.replaceAll(',', ''));
}

/** What the recorder has in a quarter of the run, in KiB. */
function quarter({ memory }: LoadFigures, index: number): number {
  const part = memory.slice((index * memory.length) / 4, ((index + 1) * memory.length) / 4);
  return part.reduce((sum, kib) => sum + kib, 0) / part.length;
}

/** How many times the memory of an earlier quarter the recorder has in the last. */
export function memoryGrowth(figures: LoadFigures, since: 'second' | 'third'): number {
  return quarter(figures, 3) / quarter(figures, since === 'second' ? 1 : 2);
}

/** The page that tells them, `docs/load.md`. */
export function loadPage(figures: LoadFigures): string {
  const count = (number: number): string => Math.round(number).toLocaleString('en-US');
  const { seconds, produced, rounds, starts } = figures;
  const rows = [
    ['Records', `${count(produced)} in ${count(seconds)} s: ${count(produced / seconds)} a second`],
    ['Load', `${count(rounds)} times 100 rounds of everything, with 200 writes in each`],
    ['Balance', figures.balance],
    ['Numbered by the programs', count(figures.taken)],
    ['Lost', figures.lost],
    ['Written after the load had ended', `in ${count(figures.drainSeconds)} s`],
    ['Memory in the last quarter', `${count((quarter(figures, 3) * 1024) / 1e6)} MB`],
    ['Memory, last quarter to third', memoryGrowth(figures, 'third').toFixed(3)],
    ['Memory, last quarter to second', memoryGrowth(figures, 'second').toFixed(3)],
    [
      'Programs started meanwhile',
      `${count(starts.number)}: median ${count(starts.median)} ms, most ${count(starts.most)} ms`,
    ],
  ];
  return `# Load

Written by \`pnpm load\`: the whole system recorded into a log in an emulated guest with two CPUs, while a process on each
does all it can, mostly writes of a few bytes, and somebody starts a program twice a second. The recorder is behind all
the time, and the log may have 128 MiB for what waits for it on the disk: memory grows until the recorder has used all
that it may have for records once, and not from then on.

| | |
| --- | --- |
${rows.map((row) => `| ${row.join(' | ')} |`).join('\n')}
`;
}
