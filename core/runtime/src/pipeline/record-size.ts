import type { Abi, StreamId } from '@camflow/api';

/** Bytes of every record of a stream. */
export function recordSize(abi: Abi, kind: StreamId['kind']): number {
  return kind === 'long' ? abi.framing.longBytes : abi.framing.shortBytes;
}
