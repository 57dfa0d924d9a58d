/** One way of doing the same work. */
export interface Contender {
  readonly name: string;
  /** Does the work once. */
  run(): void;
}

/** What a contender needed. */
export interface Measurement {
  readonly name: string;
  /** CPU time of one run, in seconds: the median over the rounds. */
  readonly cpuSeconds: number;
}

/**
 * Measures CPU time, interleaved: in every round each contender runs once, so that what disturbs the machine
 * disturbs all of them. Time of all threads counts, that of the compiler and of the garbage collector too.
 */
export function measure(contenders: readonly Contender[], warmUps: number, rounds: number): Measurement[] {
  const times = contenders.map((): number[] => []);
  for (let round = -warmUps; round < rounds; round++) {
    for (const [i, contender] of contenders.entries()) {
      const before = process.cpuUsage();
      contender.run();
      const { user, system } = process.cpuUsage(before);
      if (round >= 0) times[i]!.push((user + system) / 1e6);
    }
  }
  return contenders.map(({ name }, i) => ({ name, cpuSeconds: median(times[i]!) }));
}

function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}
