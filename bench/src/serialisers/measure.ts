/** One way of doing the same work. */
export interface Contender {
  /** Does the work once. */
  run(): void;
}

/** What came of a comparison. All figures are medians over the rounds. */
export interface Comparison {
  /** CPU time of one run of the first contender, in seconds. */
  readonly firstSeconds: number;
  readonly secondSeconds: number;
  /** How many times faster the first one is: the median of the ratios of each round. */
  readonly ratio: number;
}

/**
 * Compares CPU time, interleaved: in every round each contender runs once, so that what disturbs the machine
 * disturbs both. Time of all threads counts, that of the compiler and of the garbage collector too.
 */
export function compare(first: Contender, second: Contender, warmUps: number, rounds: number): Comparison {
  const times: (readonly [first: number, second: number])[] = [];
  for (let round = -warmUps; round < rounds; round++) {
    const pair = [cpuSeconds(first), cpuSeconds(second)] as const;
    if (round >= 0) times.push(pair);
  }
  return {
    firstSeconds: median(times.map(([time]) => time)),
    secondSeconds: median(times.map(([, time]) => time)),
    ratio: median(times.map(([a, b]) => b / a)),
  };
}

function cpuSeconds(contender: Contender): number {
  const before = process.cpuUsage();
  contender.run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}
