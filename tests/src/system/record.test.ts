import { type CapturedResult, runInGuest } from '@camflow/guest';
import { beforeAll, describe, expect, test } from 'vitest';
import { whyNoCapture } from '../bpf/why-no-capture.ts';

const reason = whyNoCapture('6.1');
const note = reason === undefined ? '' : ` (skipped: ${reason})`;
const run = test.skipIf(reason !== undefined);

/** Runs in the guest; its lines of output are what the tests look at. */
const job = `
mkdir /root/work; cd /root/work
echo banana > in
record() { camflow record --quiet --output "$1" --format spade_json -- "\${@:2}"; echo "status $?"; }
record pipeline.jsonl sh -c 'cat in | tr a b > out; cp out copy; rm out'
record /dev/null sh -c 'exit 7'
record /dev/null sh -c 'kill -TERM $$'
record /dev/null no-such-program
cat > camflowd.ini <<'INI'
[general]
source=kernel
output=log
format=spade_json
[log]
path=/root/work/system.jsonl
INI
camflowd --config camflowd.ini 2> first.log & daemon=$!
for i in $(seq 100); do grep -q recording first.log && break; sleep 0.5; done
echo one > before; sleep 1
record /dev/null true
kill -KILL $daemon; wait $daemon
cat before > between
camflowd --config camflowd.ini 2> second.log & daemon=$!
for i in $(seq 100); do grep -q recording second.log && break; sleep 0.5; done
kill -TERM $daemon; wait $daemon; echo "daemon $?"
camflow unload
camflow unload
ls -A /sys/fs/bpf
`;

interface Entry {
  readonly id?: string;
  readonly from: string;
  readonly to: string;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Everything that a node comes from, itself included, each with its type and its name or value. */
function originsOf(entries: readonly Entry[], type: string, name: string): Set<string> {
  const nodes = new Map(
    entries.filter(({ id }) => id !== undefined).map((node) => [node.id!, node.annotations]),
  );
  const labels = new Map(
    [...nodes].map(([id, node]) => [
      id,
      `${node['object_type']} ${node['cf:name'] ?? node['value'] ?? ''}`.trim(),
    ]),
  );
  const reached = new Set([...labels].flatMap(([id, label]) => (label === `${type} ${name}` ? [id] : [])));
  const edges = entries.filter(({ id }) => id === undefined);
  // A Set goes on to what is added while it is gone through.
  for (const id of reached) for (const { from, to } of edges) if (from === id) reached.add(to);
  return new Set([...reached].map((id) => labels.get(id) ?? 'unknown'));
}

describe('camflow record and camflowd on a stock kernel', () => {
  let result: CapturedResult;
  const entriesOf = (file: string): Entry[] =>
    result.files
      .get(`/root/work/${file}`)!
      .toString()
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Entry);
  beforeAll(async () => {
    if (reason !== undefined) return;
    const fetch = ['pipeline.jsonl', 'system.jsonl'].map((name) => `/root/work/${name}`);
    const command = ['bash', '-c', job];
    result = await runInGuest({ command, kernel: '6.1', fetch, timeoutMs: 280_000 });
  }, 300_000);

  run(`a copy leads back to its source through the pipeline that made it${note}`, () => {
    const entries = entriesOf('pipeline.jsonl');
    const origins = originsOf(entries, 'file', '/root/work/copy');
    const programs = ['cat', 'tr', 'cp'].map((program) => `process_memory /usr/bin/${program}`);
    const words = ['cat', 'in', 'tr', 'a', 'b', 'cp', 'out', 'copy'].map((word) => `argv ${word}`);
    for (const origin of ['file /root/work/in', 'file /root/work/out', 'pipe', ...programs, ...words]) {
      expect(origins).toContain(origin);
    }
    expect(origins).not.toContain('process_memory /usr/bin/rm');
    expect(origins).not.toContain('unknown');
  });

  run(`nothing of the recorder is recorded, nor its child before it is the command${note}`, () => {
    const names = entriesOf('pipeline.jsonl').map(({ annotations }) => annotations?.['cf:name'] ?? '');
    expect(names).toContain('/usr/bin/dash');
    expect(names.filter((name) => name.endsWith('/node'))).toEqual([]);
  });

  run(`a command ends with its own status${note}`, () => {
    const statuses = result.stdout.toString().match(/^status \d+$/gm);
    expect(statuses).toEqual(['status 0', 'status 7', 'status 143', 'status 2', 'status 4']);
    expect(result.stderr.toString()).toContain('no-such-program cannot be run');
  });

  run(`a second recorder is refused, by name${note}`, () => {
    expect(result.stderr.toString()).toMatch(/Another recorder is running \(process \d+\)\. Stop it first/);
  });

  run(`what happens while a killed recorder is away is recorded${note}`, () => {
    expect(result.stdout.toString()).toContain('daemon 0');
    const origins = originsOf(entriesOf('system.jsonl'), 'file', '/root/work/between');
    expect(origins).toContain('file /root/work/before');
  });

  run(`unloading leaves nothing behind${note}`, () => {
    const [, after] = result.stdout.toString().split('daemon 0\n');
    expect(after).toBe('The BPF programs are removed.\nNo BPF programs were loaded.\n');
  });
});
