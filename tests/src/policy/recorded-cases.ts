import { gunzipSync, gzipSync } from 'node:zlib';
import type { RecordSlice } from '../capture/captured-graph.ts';

/** What was recorded under one policy. */
interface Recorded<Slice> {
  /** The hash of the policy. */
  readonly hash: string;
  /** What came while the programs left out what they can. */
  readonly pushed: readonly Slice[];
  /** What came while they left out nothing. */
  readonly whole: readonly Slice[];
}

/** What was recorded of one case. */
export type RecordedCase = Recorded<RecordSlice>;

type PackedSlice = Omit<RecordSlice, 'payload'> & { readonly base64: string };

/** Recordings by the name of their case, as a file to be brought back from where they were made. */
export function packRecordedCases(cases: ReadonlyMap<string, RecordedCase>): Buffer {
  const pack = ({ abi, stream, payload }: RecordSlice): PackedSlice => ({
    abi,
    stream,
    base64: Buffer.from(payload).toString('base64'),
  });
  const text = JSON.stringify([...cases].map(([name, recorded]) => [name, convert(recorded, pack)]));
  return gzipSync(text, { level: 1 });
}

/** What {@link packRecordedCases} packed. */
export function unpackRecordedCases(file: Uint8Array): Map<string, RecordedCase> {
  const packed = JSON.parse(gunzipSync(file).toString()) as [string, Recorded<PackedSlice>][];
  const unpack = ({ abi, stream, base64 }: PackedSlice): RecordSlice => ({
    abi,
    stream,
    payload: Buffer.from(base64, 'base64'),
  });
  return new Map(packed.map(([name, recorded]) => [name, convert(recorded, unpack)]));
}

function convert<From, To>(
  { hash, pushed, whole }: Recorded<From>,
  change: (slice: From) => To,
): Recorded<To> {
  return { hash, pushed: pushed.map(change), whole: whole.map(change) };
}
