import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type RunningProgram, startProgram } from '../system/programs.ts';
import { createWorkload, type Workload } from './accounting.ts';
import { scaled } from './scale.ts';

/** Relay files in a folder of their own, and recorders that replay them into outputs. */
export class ReplayedWorkload {
  /** The folder, with room for whatever a test writes. */
  readonly root: string;
  readonly workload: Workload;
  /** How many records there are, as a balance has it. */
  readonly total: string;

  private constructor(root: string, workload: Workload) {
    this.root = root;
    this.workload = workload;
    this.total = workload.records.toLocaleString('en-US');
  }

  /** @param about - what the tests are about, for the name of the folder */
  static async create(about: string): Promise<ReplayedWorkload> {
    const root = mkdtempSync(path.join(tmpdir(), `camflow-${about}-`));
    return new ReplayedWorkload(root, await createWorkload(root, scaled(200_000, 40_000)));
  }

  /** Replays the workload. @param name - of the spool; @param more - arguments beside settings */
  replay(name: string, settings: readonly string[], ...more: string[]): RunningProgram {
    const all = [
      `general.spool_dir=${path.join(this.root, `spool-${name}`)}`,
      'general.source=replay',
      `replay.path=${this.workload.folder}`,
      'general.format=spade_json',
      'general.slab_bytes=65536',
      ...settings,
    ];
    return startProgram('camflowd', [...more, ...all.flatMap((setting) => ['--set', setting])]);
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** A reader of acknowledged units, in a process of its own: it acknowledges what is in its file. */
export function acknowledgingReader(socket: string, file: string): ChildProcess {
  const program = fileURLToPath(new URL('../../fixtures/guest/acknowledging-reader.js', import.meta.url));
  return spawn(process.execPath, [program, socket, file], { stdio: 'inherit' });
}
