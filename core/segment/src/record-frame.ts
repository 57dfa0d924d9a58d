import type { StreamId } from '@camflow/api';
import { blockTypes } from './block.ts';
import { encodeFrame, type Frame, type Metadata } from './frame.ts';

/** What a frame of raw records says about them. */
export interface RecordFrameInfo {
  /** Name of the binary interface, so that a frame can be read where the header is damaged. */
  readonly abi: string;
  readonly stream: StreamId;
  /** Number, within its stream, of the first record. */
  readonly firstSequence: number;
  /** Number of records in the payload. */
  readonly records: number;
  /** Sequence numbers from the first record to the last: more than `records` where a policy left some out. */
  readonly span: number;
  /** Where in its stream the first record stood, in bytes. */
  readonly position: number;
  /** When the records were captured, in milliseconds since 1970. */
  readonly capturedAtMs: number;
  /** Texts of security contexts that came with the records. */
  readonly securityContexts: readonly (readonly [secid: number, text: string])[];
}

/** Raw records of one stream, one after another, as the kernel wrote them. */
export interface RecordFrame extends RecordFrameInfo {
  readonly payload: Uint8Array;
}

/** The bytes of a frame of records. */
export function encodeRecordFrame(frame: RecordFrame): Uint8Array {
  const { abi, stream, firstSequence, records, span, position, capturedAtMs, securityContexts } = frame;
  return encodeFrame({
    type: blockTypes.records,
    metadata: {
      abi,
      cpu: stream.cpu,
      kind: stream.kind,
      firstSequence,
      records,
      ...(span !== records && { span }),
      position,
      capturedAtMs,
      ...(securityContexts.length > 0 && { securityContexts }),
    },
    payload: frame.payload,
  });
}

/** What the metadata of a frame says, or undefined where it is not that of records. */
export function recordFrameInfo(type: number, metadata: Metadata): RecordFrameInfo | undefined {
  const { abi, cpu, kind, firstSequence, records, position, capturedAtMs } = metadata;
  const span = metadata['span'] ?? records;
  const securityContexts = metadata['securityContexts'] ?? [];
  if (type !== blockTypes.records || typeof abi !== 'string') return undefined;
  if (kind !== 'short' && kind !== 'long' && kind !== 'mixed') return undefined;
  if (!isCount(cpu) || !isCount(firstSequence) || !isCount(records) || !isCount(span)) return undefined;
  if (!isCount(position) || typeof capturedAtMs !== 'number' || !isContextList(securityContexts))
    return undefined;
  return {
    abi,
    stream: { cpu, kind },
    firstSequence,
    records,
    span,
    position,
    capturedAtMs,
    securityContexts,
  };
}

/** The records of a frame, or undefined where it is a frame of something else. */
export function recordFrameOf(frame: Frame): RecordFrame | undefined {
  const info = recordFrameInfo(frame.type, frame.metadata);
  return info && { ...info, payload: frame.payload };
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isContextList(value: unknown): value is [number, string][] {
  return (
    Array.isArray(value) &&
    value.every((pair) => Array.isArray(pair) && isCount(pair[0]) && typeof pair[1] === 'string')
  );
}
