import type { GuestKernel } from '@camflow/guest';
import { beforeAll, describe, expect, test } from 'vitest';
import { captureInGuest, type Recording, type Workload } from './capture-in-guest.ts';
import { faultsOf } from './graph-faults.ts';
import { whyNoCapture } from './why-no-capture.ts';

/** Counts its calls into `counted`, so many rounds with so many writes. */
function counting(rounds: number, writes: number, then = ''): Workload {
  return {
    command: ['sh', '-c', `/root/bin/counting ${rounds} ${writes} > counted${then}`],
    after: `mv counted /root/out/counted-${rounds}-${writes}`,
    counts: true,
  };
}

/** So small, and so seldom read, that nearly nothing finds room. */
const slow = ['--set', 'kernel.ring_mib=1', '--set', 'kernel.poll_ms=10000'];
const anew = { before: 'camflow unload' };

const workloads = {
  idle: counting(0, 0),
  drained: counting(40, 20),
  flooded: { ...counting(60, 200), ...anew, options: slow },
  recovered: {
    // Some of what follows comes after the recorder has seen the losses, however slow the machine is.
    command: [
      ...['sh', '-c'],
      '/root/bin/counting 20 300 > /dev/null; for i in 1 2 3 4 5 6; do sleep 3; cat in > after; done',
    ],
    options: ['--set', 'kernel.poll_ms=300'],
    counts: true,
  },
  // Of one process the programs keep 16.
  mapped: { command: ['/root/bin/counting', 'mapped', '20'], counts: true },
  system: {
    command: [],
    options: [
      ...['--all', '--for', '4s', '--set', 'kernel.ring_mib=64'],
      // It is emulated: what came in four seconds takes longer to go out.
      ...['--set', 'general.drain_timeout_ms=120000'],
    ],
    before: `camflow unload
sleep 1000 < asleep & echo $! > sleeper
(while true; do /root/bin/counting 1 5 > /dev/null; done) & busy=$!`,
    after: 'kill $busy; sleep 1',
    counts: true,
  },
} satisfies Record<string, Workload>;

type Name = keyof typeof workloads;
const names = Object.keys(workloads) as Name[];
/** Whether the numbers are right is asked of every change, on one kernel; the rest of a release. */
const ofEveryChange: readonly Name[] = ['idle', 'drained', 'flooded'];

const prepare = 'mkdir cpu0 cpu1; echo banana > in; touch asleep';

/** Relations by type that `camflow record` was to record, whatever became of them, and what was written of them. */
function handledIn({ counts }: Recording): { handled: Map<string, number>; written: Map<string, number> } {
  const handled = new Map<string, number>();
  const written = new Map<string, number>();
  for (const [type, after] of Object.entries(counts!.after.relations)) {
    const before = counts!.before.relations[type];
    const since = (name: keyof typeof after): number => after[name] - (before?.[name] ?? 0);
    const parts = ['written', 'compressed', 'filtered', 'unselected', 'lost'] as const;
    expect(
      parts.reduce((sum, part) => sum + since(part), 0),
      type,
    ).toBe(since('offered'));
    handled.set(type, since('offered') - since('unselected'));
    written.set(type, since('written'));
  }
  return { handled, written };
}

function sinceStart({ counts }: Recording, name: 'taken' | 'ring_full' | 'state_failures'): number {
  return counts!.after.totals[name]! - (counts!.before.totals[name] ?? 0);
}

describe.for(['6.1', '6.12'] as const)('completeness on %s', (kernel: GuestKernel) => {
  const reasonFor = (name: Name): string | undefined =>
    whyNoCapture(kernel, kernel === '6.1' && ofEveryChange.includes(name) ? 'minutes' : 'long');
  const recorded = names.filter((name) => reasonFor(name) === undefined);
  let recordings: Partial<Record<Name, Recording>>;
  let files: ReadonlyMap<string, Buffer>;
  beforeAll(async () => {
    if (recorded.length === 0) return;
    const counted = ['counted-0-0', 'counted-40-20', 'counted-60-200'].map((name) => `/root/out/${name}`);
    const wanted: Readonly<Record<string, Workload>> = Object.fromEntries(
      recorded.map((name) => [name, workloads[name]]),
    );
    ({ recordings, files } = await captureInGuest({ kernel }, prepare, wanted, {
      programs: ['counting'],
      fetch: [...counted, '/root/work/sleeper'],
    }));
  }, 1_200_000);

  /** A test of what was recorded of a workload. */
  const check = (
    title: string,
    name: Name,
    body: (recording: Recording) => void,
    reason: string | undefined = reasonFor(name),
  ): void => {
    const note = reason === undefined ? '' : ` (skipped: ${reason})`;
    test.skipIf(reason !== undefined)(`${title}${note}`, () => body(recordings[name]!));
  };

  /** What the workload says that it did. */
  const callsOf = (rounds: number, writes: number): Map<string, number> => {
    const text = files.get(`/root/out/counted-${rounds}-${writes}`)!.toString().trim();
    return new Map(
      text.split('\n').map((line): [string, number] => [line.split(' ')[0]!, Number(line.split(' ')[1])]),
    );
  };

  for (const [name, rounds, writes] of [
    ['drained', 40, 20],
    ['flooded', 60, 200],
  ] as const) {
    check(
      `recorded, filtered, compressed and lost are together what the workload did: ${name}`,
      name,
      (recording) => {
        // What starting and ending gives is the same whatever is done in between.
        const idle = handledIn(recordings.idle!).handled;
        const { handled } = handledIn(recording);
        const did = callsOf(rounds, writes);
        expect(did.size).toBeGreaterThan(20);
        const more = [...did.keys()].map((type) => [type, (handled.get(type) ?? 0) - (idle.get(type) ?? 0)]);
        expect(Object.fromEntries(more)).toEqual(Object.fromEntries(did));
      },
    );
  }

  for (const name of names) {
    check(`every record is in the capture or counted as lost: ${name}`, name, (recording) => {
      const { graph, status, counts } = recording;
      expect(status).toBe(0);
      const { written } = handledIn(recording);
      const found = new Map<string, number>();
      for (const { type } of graph.relations) found.set(type, (found.get(type) ?? 0) + 1);
      for (const [type, number] of written) expect(found.get(type) ?? 0, type).toBe(number);
      // What was lost stands in the capture itself, by numbers, in records of the recorder.
      const gaps = graph.snapshots.filter(({ type }) => type === 'gap');
      const counted = gaps.filter(({ fields }) => fields.get('count') !== 'unknown');
      const lost = counted.reduce((sum, { fields }) => sum + Number(fields.get('count')), 0);
      expect(lost).toBe(sinceStart(recording, 'ring_full'));
      expect(sinceStart(recording, 'taken') - lost).toBe(graph.records - gaps.length);
      const causes = gaps.filter((gap) => !counted.includes(gap)).map(({ fields }) => fields.get('cause'));
      expect(new Set(causes)).toEqual(new Set(name === 'mapped' ? ['state_failures'] : []));
      expect(sinceStart(recording, 'state_failures')).toBe(name === 'mapped' ? 4 : 0);
      expect(counts!.after.programs.filter(({ missed }) => missed > 0)).toEqual([]);
    });
  }

  for (const name of ['idle', 'drained', 'system'] as const) {
    check(`nothing is lost, and nothing wrong: ${name}`, name, (recording) => {
      expect(sinceStart(recording, 'ring_full')).toBe(0);
      expect(recording.complaints).toBe('');
      expect(faultsOf(recording.graph)).toEqual([]);
    });
  }

  check('a flood leaves nothing wrong but what is missing', 'flooded', (recording) => {
    expect(sinceStart(recording, 'ring_full')).toBeGreaterThan(1000);
    expect(faultsOf(recording.graph, { losses: true })).toEqual([]);
  });

  check(
    'a flood is ten times what the rings take',
    'flooded',
    (recording) => {
      expect(sinceStart(recording, 'taken')).toBeGreaterThan(10 * recording.graph.records);
    },
    // The busier the machine, the longer it takes, and the more is read meanwhile.
    whyNoCapture(kernel, 'long'),
  );

  check(
    'after losses every end of a relation and every name is published again',
    'recovered',
    (recording) => {
      const { graph } = recording;
      expect(sinceStart(recording, 'ring_full')).toBeGreaterThan(1000);
      const last = Math.max(...graph.snapshots.map(({ epoch }) => epoch));
      expect(last).toBeGreaterThan(Math.min(...graph.snapshots.map(({ epoch }) => epoch)));
      const described = graph.snapshots.filter(({ epoch }) => epoch === last);
      const relations = graph.relations.filter(({ fields }) => fields.get('epoch') === last);
      expect(relations.some(({ type }) => type === 'exec')).toBe(true);
      const nodes = new Map(described.map((node) => [node.key, node]));
      expect(faultsOf({ ...graph, missing: 0, snapshots: described, nodes, relations })).toEqual([]);
    },
  );

  check('what was there before is published although it does nothing', 'system', ({ graph }) => {
    const pid = Number(files.get('/root/work/sleeper')!.toString());
    expect(graph.snapshots.some(({ type, fields }) => type === 'task' && fields.get('pid') === pid)).toBe(
      true,
    );
    const paths = graph.snapshots.flatMap(({ type, bytes }) => (type === 'path' ? [bytes!.toString()] : []));
    expect(paths).toContain('/root/work/asleep');
    expect(paths).toContain('/usr/bin/sleep');
  });
});
