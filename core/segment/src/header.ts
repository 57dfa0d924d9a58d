import type { Origin } from '@camflow/api';
import { blockTypes } from './block.ts';
import { encodeFrame, type Metadata } from './frame.ts';

/** What holds for all frames up to the next header. */
export interface SegmentHeader extends Origin {
  /** When the header was written, in milliseconds since 1970. */
  readonly createdAtMs: number;
  /** True where the frames carry on from another file, so that their sequences do not start at 0. */
  readonly continued: boolean;
}

/** The bytes of a header: every segment starts with one, and a file may hold several segments. */
export function encodeHeader(header: SegmentHeader): Uint8Array {
  const { abi, machineId, bootId, epoch, createdAtMs, continued } = header;
  return encodeFrame({
    type: blockTypes.header,
    metadata: { abi, machineId, bootId, epoch, createdAtMs, continued },
    payload: new Uint8Array(0),
  });
}

/** A header from its metadata. What an older or newer writer left out is 0, as in `Origin`. */
export function headerOf(metadata: Metadata): SegmentHeader {
  const number = (key: string): number => (typeof metadata[key] === 'number' ? metadata[key] : 0);
  return {
    abi: String(metadata['abi'] ?? ''),
    machineId: number('machineId'),
    bootId: number('bootId'),
    epoch: number('epoch'),
    createdAtMs: number('createdAtMs'),
    continued: metadata['continued'] !== false,
  };
}
