import type { GuestKernel } from '@camflow/guest';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Recording, recordInGuest, type Workload, whyNoRecording } from './guest-recorder.ts';
import { changedTypes, danglingEnds, nodesOnCycles, originsOf } from './recorded-graph.ts';

/** Servers whose client is gone before they read, over each family. */
const sockets = `
import os, socket, time
def serve(family, address, output):
    server = socket.socket(family, socket.SOCK_STREAM)
    server.bind(address)
    server.listen(1)
    if os.fork() == 0:
        client = socket.socket(family, socket.SOCK_STREAM)
        client.connect(server.getsockname())
        client.sendall(open("in-" + output, "rb").read())
        os._exit(0)
    os.wait()
    connection, _ = server.accept()
    open("out-" + output, "wb").write(connection.recv(100))
    server.close()
serve(socket.AF_INET, ("127.0.0.1", 0), "ipv4")
serve(socket.AF_INET6, ("::1", 0), "ipv6")
serve(socket.AF_UNIX, "socket", "unix")
`;

/** Names in every form, and arguments that are hard to carry. */
const names = `
import os, subprocess
os.link("first", "second")
open("second", "a").write("more")
os.symlink("first", "symbolic")
os.mkdir("folder")
os.rmdir("folder")
held = open("replaced")
os.rename("replacing", "replaced")
subprocess.run(["./script", "x" * 100000, 'quote"d', "new\\nline", b"\\xff\\xfe"], check=True)
os.setgroups([1, 2])
os.setgid(5)
os.setuid(6)
`;

const prepare = `
export PYTHONDONTWRITEBYTECODE=1
echo banana > in
for family in ipv4 ipv6 unix; do echo $family > in-$family; done
touch first replaced replacing
printf '#!/bin/sh\\necho done > from-script\\n' > script
chmod +x script
`;

const workloads = {
  pipeline: { command: ['sh', '-c', 'cat in | tr a b > out; cp out copy; rm out'] },
  waiting: { command: ['sh', '-c', '(sleep 0.3; cat in) | (read line; echo $line > late; sleep 0.5)'] },
  sockets: { command: ['python3', '-c', sockets] },
  names: { command: ['python3', '-c', names] },
  everything: { mode: 'all', command: ['sh', '-c', 'cat in > /dev/null'] },
  flood: {
    command: ['dd', 'if=/dev/zero', 'of=zeros', 'bs=1', 'count=10000', 'status=none'],
    ringBytes: 1 << 16,
    undrained: true,
  },
} satisfies Record<string, Workload>;

type Name = keyof typeof workloads;
const recorded = Object.keys(workloads) as Name[];

function expectPipeline({ graph }: Recording): void {
  const origins = originsOf(graph, 'file', '/root/work/copy');
  expect([...origins]).toEqual(
    expect.arrayContaining([
      'file /root/work/in',
      'pipe',
      'file /root/work/out',
      ...['cat', 'tr', 'cp'].map((program) => `process_memory /usr/bin/${program}`),
      ...['cat', 'in', 'tr', 'a', 'b', 'cp', 'out', 'copy'].map((argument) => `argv ${argument}`),
    ]),
  );
  expect(origins).not.toContain('argv rm');
  expect(origins).not.toContain('process_memory /usr/bin/rm');
}

describe.for(['6.1', '6.12'] as const)('the BPF programs on %s', (kernel: GuestKernel) => {
  const reason = whyNoRecording(kernel);
  const note = reason === undefined ? '' : ` (skipped: ${reason})`;
  const run = test.skipIf(reason !== undefined);
  let recordings: Record<Name, Recording>;
  beforeAll(async () => {
    if (reason === undefined) recordings = await recordInGuest({ kernel, bpfLsm: true }, prepare, workloads);
  }, 300_000);

  run(`pass the verifier${note}`, () => {
    const { programs } = recordings.pipeline;
    expect(programs.size).toBeGreaterThanOrEqual(40);
    expect(Math.max(...programs.values())).toBeLessThan(10_000);
  });

  run.for(recorded)(`leave no loose end, cycle or changed identity in: %s${note}`, (name) => {
    const { graph, status, complaints } = recordings[name];
    expect({ status, complaints }).toEqual({ status: 0, complaints: '' });
    expect(graph.relations.length).toBeGreaterThan(10);
    expect(danglingEnds(graph)).toEqual([]);
    expect(changedTypes(graph)).toEqual([]);
    expect(nodesOnCycles(graph)).toBe(0);
  });

  run.for(recorded)(`account for every record and relation of: %s${note}`, (name) => {
    const { graph, taken, ringFull, stateFailures, relations } = recordings[name];
    expect(taken - ringFull).toBe(graph.records);
    expect(stateFailures).toBe(0);
    for (const [number, count] of relations) {
      const { offered, written, compressed, filtered, unselected, lost } = count;
      expect(offered).toBe(written + compressed + filtered + unselected + lost);
      expect(graph.relations.filter((relation) => relation.number === number)).toHaveLength(written);
    }
  });

  run(`lead from a copy back through the pipeline that made it${note}`, () => {
    expectPipeline(recordings.pipeline);
  });

  run(`lead back to what a task waited for${note}`, () => {
    const origins = originsOf(recordings.waiting.graph, 'file', '/root/work/late');
    expect(origins).toContain('file /root/work/in');
  });

  run.for(['ipv4', 'ipv6', 'unix'])(`lead through a socket whose sender is gone: %s${note}`, (family) => {
    const origins = originsOf(recordings.sockets.graph, 'file', `/root/work/out-${family}`);
    expect(origins).toContain(`file /root/work/in-${family}`);
  });

  run(`know a script by its interpreter too${note}`, () => {
    const origins = originsOf(recordings.names.graph, 'file', '/root/work/from-script');
    expect(origins).toContain('file /root/work/script');
    expect(origins).toContain('process_memory /usr/bin/dash');
  });

  run(`name a file by each of its names${note}`, () => {
    const { nodes, relations } = recordings.names.graph;
    const named = relations.filter(({ type }) => type === 'named');
    const keyOf = (name: string): string[] =>
      named
        .filter(({ from }) => nodes.get(from)!.bytes!.toString() === `/root/work/${name}`)
        .map(({ to }) => to);
    const idsOf = (name: string): Set<string> => new Set(keyOf(name).map((key) => key.split(':')[1]!));
    expect([...idsOf('first')].some((id) => idsOf('second').has(id))).toBe(true);
    expect([...idsOf('replacing')].some((id) => idsOf('replaced').has(id))).toBe(true);
    expect(idsOf('replaced').size).toBe(2);
    expect(keyOf('symbolic')[0]).toMatch(/^2000000000000080:/);
    expect(keyOf('folder')[0]).toMatch(/^2000000000000200:/);
  });

  run(`keep arguments whole${note}`, () => {
    const { nodes } = recordings.names.graph;
    const kept = [...nodes.values()]
      .filter(({ type }) => type === 'argv')
      .map(({ bytes }) => bytes!.toString('latin1'));
    expect(kept).toEqual(expect.arrayContaining(['x'.repeat(100_000), 'quote"d', 'new\nline', '\xff\xfe']));
  });

  run(`see a change of user, group and groups${note}`, () => {
    const { relations } = recordings.names;
    expect(['1.22', '1.32', '1.33'].map((number) => relations.get(number)?.written)).toEqual([1, 1, 1]);
  });

  run(`count each write of a flood that the ring does not take${note}`, () => {
    const { relations, ringFull } = recordings.flood;
    const writes = relations.get('1.5')!;
    expect(ringFull).toBeGreaterThan(10_000);
    expect(writes.offered - writes.unselected).toBe(10_000);
  });
});

describe.for(['6.1', '6.12'] as const)(
  'without bpf among the security modules of %s',
  (kernel: GuestKernel) => {
    const reason = whyNoRecording(kernel);
    const note = reason === undefined ? '' : ` (skipped: ${reason})`;

    test.skipIf(reason !== undefined)(
      `the programs that stand in record the same${note}`,
      async () => {
        const { pipeline, names } = workloads;
        const recordings = await recordInGuest({ kernel, bpfLsm: false }, prepare, { pipeline, names });
        expect(Object.values(recordings).map(({ complaints }) => complaints)).toEqual(['', '']);
        expect(recordings.pipeline.programs.size).toBeGreaterThanOrEqual(40);
        expectPipeline(recordings.pipeline);
        for (const { graph, taken, ringFull } of Object.values(recordings)) {
          expect(danglingEnds(graph)).toEqual([]);
          expect(nodesOnCycles(graph)).toBe(0);
          expect(taken - ringFull).toBe(graph.records);
        }
      },
      300_000,
    );
  },
);
