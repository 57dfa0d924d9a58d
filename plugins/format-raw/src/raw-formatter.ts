import {
  abis,
  type Formatter,
  frameBytes,
  type RecordBatch,
  recordSequence,
  type UnitWriter,
} from '@camflow/api';
import { encodeRecordFrame } from '@camflow/segment';

type SecurityContexts = RecordBatch['newSecurityContexts'];

/** Most bytes of records in a frame: with its metadata a frame stays under the 64 KiB that units should not exceed. */
const framePayloadBytes = 60 * 1024;

/** Most bytes of security contexts in a frame. */
const frameContextBytes = 32 * 1024;

/** Makes the formatter that keeps records as they are: frames of a segment file, each a unit. */
export function createRawFormatter(): Formatter {
  const gathered = new Uint8Array(framePayloadBytes);

  /**
   * The records from `first` to before `end` with their frames, one after another: in place where they are, else
   * copied together.
   */
  function payloadOf(batch: RecordBatch, first: number, end: number, before: number): Uint8Array {
    let used = 0;
    for (let i = first; i < end; ) {
      const runStart = batch.offsets[i]! - before;
      let runEnd = runStart;
      while (i < end && batch.offsets[i]! - before === runEnd) runEnd += before + batch.sizes[i++]!;
      const run = batch.bytes.subarray(runStart, runEnd);
      if (used === 0 && i === end) return run;
      gathered.set(run, used);
      used += run.length;
    }
    return gathered.subarray(0, used);
  }

  /** Where the frame that starts with a record ends. */
  function frameEnd(batch: RecordBatch, first: number): number {
    const before = frameBytes(abis.get(batch.abi)!);
    let end = first;
    let bytes = 0;
    while (end < batch.count && (end === first || bytes + before + batch.sizes[end]! <= framePayloadBytes)) {
      bytes += before + batch.sizes[end++]!;
    }
    return end;
  }

  function writeFrame(
    batch: RecordBatch,
    first: number,
    end: number,
    contexts: SecurityContexts,
    out: UnitWriter,
  ) {
    const abi = abis.get(batch.abi)!;
    const before = frameBytes(abi);
    const some = first < end;
    const firstSequence = some ? recordSequence(abi, batch, first) : batch.firstSequence;
    out.write(
      encodeRecordFrame({
        abi: batch.abi,
        stream: batch.stream,
        firstSequence,
        records: end - first,
        span: some ? recordSequence(abi, batch, end - 1) + 1 - firstSequence : 0,
        position: batch.position + (some ? batch.offsets[first]! - before - batch.start : 0),
        capturedAtMs: batch.capturedAtMs,
        securityContexts: contexts,
        payload: payloadOf(batch, first, end, before),
      }),
    );
    out.endUnit(end - first);
  }

  return {
    format(batch, out) {
      const contexts = contextGroups(batch.newSecurityContexts);
      // Records follow the contexts that they need; a frame without records carries those that one cannot hold.
      while (contexts.length > 1) writeFrame(batch, 0, 0, contexts.shift()!, out);
      for (let first = 0; first < batch.count || contexts.length > 0; ) {
        const end = frameEnd(batch, first);
        writeFrame(batch, first, end, contexts.shift() ?? [], out);
        first = end;
      }
    },
  };
}

function contextGroups(contexts: SecurityContexts): SecurityContexts[] {
  const groups: [number, string][][] = [];
  let bytes = frameContextBytes;
  for (const [secid, text] of contexts) {
    const size = Buffer.byteLength(JSON.stringify([secid, text]));
    if (bytes + size > frameContextBytes) {
      groups.push([]);
      bytes = 0;
    }
    groups.at(-1)!.push([secid, text]);
    bytes += size;
  }
  return groups;
}
