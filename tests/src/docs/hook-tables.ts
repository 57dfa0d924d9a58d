import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { repositoryRoot } from '../structure/workspace.ts';

const folder = path.join(repositoryRoot, 'kernel/bpf');

/** How a relation is recorded: alone, or with what goes before and after it. */
export type Sequence = 'uses' | 'reads' | 'generates' | 'derives' | 'informs' | 'ends';

/** One relation that a hook records. */
export interface HookRecord {
  readonly sequence: Sequence;
  /** Its name, or several between `, ` and ` or `. */
  readonly relation: string;
  readonly from: string;
  readonly to: string;
  readonly flags: string;
  readonly when?: string;
}

/** One hook: a row of a table beside the programs. */
export interface HookRow {
  readonly hook: string;
  readonly programs: readonly string[];
  /** Hooks of CamFlow that it stands for. */
  readonly camflow: readonly string[];
  readonly about: string;
  readonly when?: string;
  readonly records: readonly HookRecord[];
}

/** The programs of one file, and their table. */
export interface HookArea {
  readonly name: string;
  readonly rows: readonly HookRow[];
  readonly source: string;
}

/** A program of a source file, and what it is attached to. */
export interface SourceProgram {
  readonly name: string;
  readonly attachedTo: readonly string[];
}

/** Every table, `AREA.hooks.json` beside `AREA.bpf.c`. */
export function hookAreas(): HookArea[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.bpf.c'))
    .sort()
    .map((file) => {
      const name = file.slice(0, -'.bpf.c'.length);
      const source = readFileSync(path.join(folder, file), 'utf8');
      const table = path.join(folder, `${name}.hooks.json`);
      const rows =
        programsIn(source).length === 0 ? [] : (JSON.parse(readFileSync(table, 'utf8')) as HookRow[]);
      return { name, source, rows };
    });
}

/** The programs that a source file defines, by the lines that say what they are attached to. */
export function programsIn(source: string): SourceProgram[] {
  const programs = new Map<string, string[]>();
  let attached: string[] = [];
  for (const line of source.split('\n')) {
    const [, section] = /^SEC\("\??([^".]+)"\)/.exec(line) ?? [];
    const [, hook, other] = /^CF_HOOK(?:_AS)?\((\w+)(?:, (\w+))?\)/.exec(line) ?? [];
    if (section !== undefined && section !== 'license' && section !== '.maps') attached.push(section);
    if (/^SEC\("\??lsm\.s\//.test(line)) attached.push(/lsm\.s\/\w+/.exec(line)![0]);
    if (hook !== undefined) attached.push(`lsm/${hook}`, `fexit/${other ?? `security_${hook}`}`);
    const [, program] = /^int (?:BPF_PROG\()?(cf_\w+)/.exec(line) ?? [];
    if (program === undefined || attached.length === 0) continue;
    programs.set(program, [...(programs.get(program) ?? []), ...attached]);
    attached = [];
  }
  return [...programs].map(([name, attachedTo]) => ({ name, attachedTo: [...new Set(attachedTo)] }));
}

/** Numbers of relations and codes of nodes that `model.h` defines, by the C name. */
export function modelDefinitions(): Map<string, { class: string; bit: number } | { code: bigint }> {
  const found = new Map<string, { class: string; bit: number } | { code: bigint }>();
  const text = readFileSync(path.join(folder, 'model.h'), 'utf8');
  for (const [, name, relationClass, bit] of text.matchAll(
    /#define (CF_\w+) CF_RELATION\(CF_(\w+), (\d+)\)/g,
  )) {
    found.set(name!, { class: relationClass!.toLowerCase(), bit: Number(bit) });
  }
  const bases: Readonly<Record<string, bigint>> = {
    ACTIVITY: 1n << 62n,
    ENTITY: 1n << 61n,
    LONG_ENTITY: (1n << 61n) | (1n << 58n),
  };
  for (const [, name, kind, bit] of text.matchAll(
    /#define (CF_NODE_\w+) CF_(ACTIVITY|ENTITY|LONG_ENTITY)\((\d+)\)/g,
  )) {
    found.set(name!, { code: bases[kind!]! | (1n << BigInt(bit!)) });
  }
  return found;
}
