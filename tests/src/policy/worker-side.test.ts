import { open } from 'node:fs/promises';
import path from 'node:path';
import { abis, type RecordFilter, type SourceCapabilities } from '@camflow/api';
import { readRecords } from '@camflow/segment';
import { keeps } from '@camflow/testkit';
import { beforeAll, describe, expect, test } from 'vitest';
import { GraphReader, type RecordSlice } from '../capture/captured-graph.ts';
import { repositoryRoot } from '../structure/workspace.ts';
import { compilePolicy } from './compile-policy.ts';
import { pushDownCases } from './push-down-cases.ts';
import { packRecordedCases, unpackRecordedCases } from './recorded-cases.ts';
import { expectSameGraph } from './same-graph.ts';
import { workerFilter, workerSide } from './worker-side.ts';

const capture = path.join(repositoryRoot, 'core/cli/assets/demo.capture');
const capabilities: SourceCapabilities = {
  finite: true,
  rereadable: true,
  heldBatches: 0,
  pushDown: ['types', 'ends'],
};

let slices: RecordSlice[];
let types: readonly string[];

beforeAll(async () => {
  slices = [];
  const handle = await open(capture);
  try {
    for await (const event of readRecords(handle, capture)) {
      if (event.kind === 'records') slices.push(event.frame);
    }
  } finally {
    await handle.close();
  }
  types = workerSide(slices, null).types;
});

/** What a source gives that leaves out what it was told, to the letter. */
function leftOut(slice: RecordSlice, pushDown: RecordFilter | null): RecordSlice {
  const { framing } = abis.get(slice.abi)!;
  if (framing.kind !== 'sized') throw new Error('the capture is of another interface');
  const { payload } = slice;
  const sizes = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const frames: Uint8Array[] = [];
  new GraphReader().add(slice, (view, offset) => {
    const start = offset - framing.frameBytes;
    if (keeps(pushDown, view)) frames.push(payload.subarray(start, start + sizes.getUint32(start, true)));
    return false;
  });
  return { ...slice, payload: Buffer.concat(frames) };
}

describe.for(pushDownCases)('under $name', ({ name, policy, neverWritten }) => {
  test('the filter of the workers keeps what the contract says, and not everything', async () => {
    const { filter } = await compilePolicy(policy, capabilities);
    const counts = { kept: 0, left: 0 };
    for (const slice of slices) {
      const compiled = workerFilter(slice, filter)!;
      new GraphReader().add(slice, (view, offset) => {
        const kept = compiled.keeps(view.type.index, offset);
        if (kept !== keeps(filter, view)) throw new Error(`a ${view.type.name} at ${offset}: ${kept}`);
        counts[kept ? 'kept' : 'left']++;
        return false;
      });
    }
    expect(counts.kept).toBeGreaterThan(3);
    expect(counts.left).toBeGreaterThan(0);
  });

  test('workers make the same graph of what a source leaves out, after the way here from a guest', async () => {
    const { hash, pushDown, filter } = await compilePolicy(policy, capabilities);
    const pushed = slices.map((slice) => leftOut(slice, pushDown));
    const packed = packRecordedCases(new Map([[name, { hash, pushed, whole: slices }]]));
    const captured = neverWritten.filter((type) => types.includes(type));
    expect(captured.length).toBeGreaterThanOrEqual(Math.min(1, neverWritten.length));
    expectSameGraph(unpackRecordedCases(packed).get(name)!, filter, captured);
  });
});
