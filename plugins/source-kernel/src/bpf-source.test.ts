import { setTimeout as sleep } from 'node:timers/promises';
import { abiBpf1, type RelayBatch, type Slab } from '@camflow/api';
import { type AccountedLosses, type OpenCapture, RecordDiscloser, type Ring } from '@camflow/kernel';
import { nodeRecord } from '@camflow/testkit';
import { expect, test } from 'vitest';
import { BpfSource } from './bpf-source.ts';
import type { KernelOptions } from './kernel-options.ts';

const header = 8;
const nothing: AccountedLosses = { ring_full: 0, shed: 0, state_failures: 0, missed: 0 };

/** What the kernel keeps when a recorder is killed: a ring of one CPU, and what is pinned beside it. */
class StandInKernel {
  readonly samples: Buffer[] = [];
  released = 0n;
  accounted = nothing;
  disclosed = { taken: 0, accounted: 0 };
  /** Of the recorder that runs. */
  discloser: RecordDiscloser | undefined;

  write(sequence: number): void {
    this.samples.push(Buffer.from(nodeRecord('task', { id: sequence }, abiBpf1, sequence)));
  }

  disclose(): void {
    this.discloser!.node(new Uint8Array(32), 'entity', { text: 'a' });
  }

  /** As `openCapture` and `serveControl` do. */
  readonly parts = {
    openCapture: (): OpenCapture => this.#open(),
    serveControl: async (
      _channel: object,
      _path: string,
      _identity: object,
      _log: object,
      arrived: () => void,
    ) => {
      const surroundings = {
        machineId: 1,
        bootId: 2,
        epoch: () => 1,
        processRecord: () => new Uint8Array(0),
      };
      this.discloser = new RecordDiscloser(surroundings, arrived);
      return { disclosed: this.discloser, close: async () => {} };
    },
  };

  #open(): OpenCapture {
    const { disclosed } = this;
    const counts = { ...nothing, taken: 0, truncated: 0, contended: 0, senders_kept: 0, senders_gone: 0 };
    return {
      origin: { machineId: 1, bootId: 2 },
      numbering: 'bpf-12345678-9',
      rings: [this.#ring() as unknown as Ring],
      watch: { sleep: () => sleep(1), wake: () => {} },
      attachedTo: 'hooks',
      notSeen: [],
      ringBytes: options.ringBytes!,
      counts: () => counts,
      missedRuns: () => 0,
      accountedLosses: () => this.accounted,
      accountLosses: (losses) => {
        this.accounted = losses;
      },
      disclosures: {
        get taken() {
          return disclosed.taken;
        },
        get accounted() {
          return disclosed.accounted;
        },
        take: (records) => {
          disclosed.taken += records;
        },
        account: (records) => {
          disclosed.accounted += records;
        },
      },
      leaveOut: () => {},
      shed: () => {},
      enable: () => true,
      changeEpoch: () => {},
      disable: () => true,
      restore: () => {},
      close: () => {},
    };
  }

  #ring(): Omit<Ring, 'close'> {
    const kernel = this;
    const starts = (): bigint[] => {
      let at = 0n;
      return kernel.samples.map(({ length }) => {
        at += BigInt(length + header);
        return at - BigInt(length + header);
      });
    };
    const end = (): bigint => kernel.samples.reduce((sum, { length }) => sum + BigInt(length + header), 0n);
    let position = kernel.released;
    return {
      cpu: 0,
      get end() {
        return end();
      },
      get position() {
        return position;
      },
      get isDrained() {
        return position === end() && kernel.released === position;
      },
      read: (slab, until) => {
        let byteLength = 0;
        let records = 0;
        let firstSequence = -1;
        for (const [i, start] of starts().entries()) {
          const sample = kernel.samples[i]!;
          if (start < position || start >= until) continue;
          if (byteLength + sample.length > slab.length) break;
          slab.set(sample, byteLength);
          if (records++ === 0) firstSequence = Number(sample.readBigUInt64LE(8));
          byteLength += sample.length;
          position = start + BigInt(sample.length + header);
        }
        return { byteLength, records, firstSequence, malformed: 0, end: position };
      },
      release: (to) => {
        kernel.released = to;
      },
    };
  }
}

const quiet = { debug() {}, info() {}, warn() {}, error() {} };
const options = { record: 'all', ringBytes: 4096, socket: '/run/socket', pollMs: 1 } as KernelOptions;

function slabOf(bytes: number): Slab {
  return { index: 0, bytes: new Uint8Array(new SharedArrayBuffer(bytes)) };
}

/** Opens a recorder's source and reads until the ring and what was disclosed are in batches. A kill follows. */
async function readRound(kernel: StandInKernel, slabBytes: number): Promise<[BpfSource, RelayBatch[]]> {
  const source = new BpfSource(options, { log: quiet, section: 'kernel' } as never, kernel.parts);
  await source.open(new AbortController().signal);
  return [source, await readOn(source, slabBytes)];
}

async function readOn(source: BpfSource, slabBytes = 4096): Promise<RelayBatch[]> {
  const batches: RelayBatch[] = [];
  for (;;) {
    const batch = await source.read(slabOf(slabBytes), new AbortController().signal);
    batches.push(batch!);
    if (batch!.endOfRound) return batches;
  }
}

const marksOf = (batches: readonly RelayBatch[]): (number | undefined)[] =>
  batches.filter(({ byteLength }) => byteLength > 0).map(({ mark }) => mark);

test('batches end at positions of the ring, which are the same after a kill, however it is cut', async () => {
  const kernel = new StandInKernel();
  // A full ring leaves a hole, an interruption puts two out of order.
  for (const sequence of [0, 1, 500, 502, 501, 503]) kernel.write(sequence);
  const sample = kernel.samples[0]!.length;
  const end = 6 * (sample + header);
  const [first, batches] = await readRound(kernel, 4 * sample);
  expect(marksOf(batches)).toEqual([4 * (sample + header), end]);
  expect(batches.map(({ firstSequence }) => firstSequence)).toEqual([0, 501, 0]);
  first.commit(batches[0]!.id);
  // Killed: the next one goes on where the first had committed.
  const [next, again] = await readRound(kernel, sample);
  expect(marksOf(again)).toEqual([5 * (sample + header), end]);
  await next.close();
  const origin = await new BpfSource(options, { log: quiet } as never, kernel.parts).open(
    new AbortController().signal,
  );
  expect(origin.numbering).toBe('bpf-12345678-9');
});

test('what programs disclosed to a recorder that was killed is a gap of unknown size, told until that is committed', async () => {
  const kernel = new StandInKernel();
  kernel.write(0);
  const [first] = await readRound(kernel, 4096);
  kernel.disclose();
  const batches = await readOn(first);
  expect(batches[0]).toMatchObject({ rereadable: false, firstSequence: 0 });
  expect(marksOf(batches)).toEqual([undefined]);
  // Killed before any commit, and once more before the gap is on record.
  for (let kills = 0; kills < 2; kills++) {
    const [, told] = await readRound(kernel, 4096);
    expect(told.at(-1)).toMatchObject({ loss: {}, lossOfUnknownSize: ['unclean_stop'] });
  }
  const [third, told] = await readRound(kernel, 4096);
  third.commit(told.at(-1)!.id);
  kernel.write(1);
  const [, after] = await readRound(kernel, 4096);
  expect(after.at(-1)!.lossOfUnknownSize).toEqual([]);
});

test('what programs disclosed and every output has is no gap after a kill; what was not read yet is one', async () => {
  const kernel = new StandInKernel();
  kernel.write(0);
  const [first] = await readRound(kernel, 4096);
  kernel.disclose();
  first.commit((await readOn(first)).at(-1)!.id);
  kernel.write(1);
  const [second, nothingLost] = await readRound(kernel, 4096);
  expect(nothingLost.at(-1)!.lossOfUnknownSize).toEqual([]);
  second.commit(nothingLost.at(-1)!.id);
  kernel.disclose();
  // Killed before the next round, with an idle ring: told all the same.
  const [, told] = await readRound(kernel, 4096);
  expect(told.at(-1)!.lossOfUnknownSize).toEqual(['unclean_stop']);
});
