import { abis, type RecordFilter } from '@camflow/api';
import { CompiledFilter } from '@camflow/runtime';
import { type CapturedGraph, GraphReader, type RecordSlice } from '../capture/captured-graph.ts';

/** What workers make of a recording. */
export interface WorkerSide {
  /** What their filter keeps. */
  readonly kept: CapturedGraph;
  /** Types of which records came to them. */
  readonly types: readonly string[];
  /** Records that came to them. */
  readonly records: number;
}

/** Puts a recording through the filter of the workers, in shared memory as they do. */
export function workerSide(slices: readonly RecordSlice[], filter: RecordFilter | null): WorkerSide {
  const reader = new GraphReader();
  const types = new Set<string>();
  for (const slice of slices) {
    const compiled = workerFilter(slice, filter);
    reader.add(slice, ({ type }, offset) => {
      types.add(type.name);
      return compiled?.keeps(type.index, offset) ?? true;
    });
  }
  const kept = reader.graph();
  return { kept, types: [...types], records: kept.records };
}

/** The filter of a worker, over the memory that holds a slice. */
export function workerFilter(
  { abi, payload }: RecordSlice,
  filter: RecordFilter | null,
): CompiledFilter | undefined {
  if (filter === null) return undefined;
  const memory = new SharedArrayBuffer(payload.length);
  new Uint8Array(memory).set(payload);
  return new CompiledFilter(filter, memory, abis.get(abi)!.shapes);
}
