import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type CapturedMachine, captureInGuest } from '../capture/capture-in-guest.ts';
import { buildPrograms } from './build-programs.ts';
import { ProgramRuns, type RunRequest, runName, scriptOf } from './program-runs.ts';

/** What became of some runs of programs. */
export interface RecordedPrograms {
  readonly runs: ProgramRuns;
  /** Names of runs that did not end well, with their status. */
  readonly failed: readonly string[];
  readonly complaints: string;
}

/** Records runs of programs, one after the other, in one capture. */
export async function recordPrograms(
  machine: CapturedMachine,
  requests: readonly RunRequest[],
): Promise<RecordedPrograms> {
  const folder = mkdtempSync(path.join(tmpdir(), 'camflow-programs-'));
  try {
    const put = [await buildPrograms(folder)];
    const before = '/root/bin/programs hooks older without';
    const script = `${before}; cat > /root/run <<'RUN'\n${scriptOf(requests)}\nRUN`;
    const told = ['/root/out/pids', '/root/out/statuses'];
    const { recordings, files } = await captureInGuest(
      machine,
      script,
      { programs: { command: ['sh', '/root/run'], options: ['--set', 'kernel.ring_mib=64'] } },
      { put, fetch: told },
    );
    const [pids, statuses] = told.map((name) => files.get(name)?.toString() ?? '');
    const ended = new Map(statuses!.split('\n').map((line) => line.split(' ') as [string, string]));
    const failed = requests
      .filter(({ name }) => name !== 'exit')
      .map((request) => `${runName(request)} ${ended.get(runName(request))}`)
      .filter((line) => !line.endsWith(' 0'));
    const { graph, complaints } = recordings.programs;
    // Said wherever the programs stand in that do so.
    const expected = /^.*bpf is not among the active security modules.*\n/m;
    return { runs: new ProgramRuns(graph, pids!), failed, complaints: complaints.replace(expected, '') };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
