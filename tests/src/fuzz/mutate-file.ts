import type { Random } from '@camflow/testkit';

type Mutation = (bytes: Buffer, random: Random) => Buffer;

function range(bytes: Buffer, random: Random): [from: number, to: number] {
  const from = random.below(bytes.length + 1);
  return [from, from + random.below(Math.min(bytes.length - from, 5000) + 1)];
}

const mutations: readonly Mutation[] = [
  /** Nothing. */
  (bytes) => bytes,
  /** A few bits. */
  (bytes, random) => {
    const damaged = Buffer.from(bytes);
    for (let i = random.below(20); i >= 0; i--)
      damaged[random.below(damaged.length)]! ^= 1 << random.below(8);
    return damaged;
  },
  /** Torn off. */
  (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1)),
  /** The beginning is missing. */
  (bytes, random) => bytes.subarray(random.below(bytes.length + 1)),
  /** A piece is missing. */
  (bytes, random) => {
    const [from, to] = range(bytes, random);
    return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
  },
  /** A piece occurs twice. */
  (bytes, random) => {
    const [from, to] = range(bytes, random);
    return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
  },
  /** Random bytes in between. */
  (bytes, random) => {
    const [from, to] = range(bytes, random);
    const noise = Buffer.alloc(to - from);
    random.fill(noise);
    return Buffer.concat([bytes.subarray(0, from), noise, bytes.subarray(from)]);
  },
  /** A piece is all zeros, or all ones. */
  (bytes, random) => {
    const damaged = Buffer.from(bytes);
    return damaged.fill(random.pick([0, 0xff]), ...range(bytes, random));
  },
  /** Nothing but noise. */
  (bytes, random) => {
    const noise = Buffer.alloc(random.below(bytes.length));
    random.fill(noise);
    return noise;
  },
];

/** Damages the contents of a file once or several times. */
export function mutateFile(bytes: Buffer, random: Random): Buffer {
  let damaged = bytes;
  for (let i = random.below(3); i >= 0 && damaged.length > 0; i--)
    damaged = random.pick(mutations)(damaged, random);
  return damaged;
}
