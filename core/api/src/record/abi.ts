import type { Shape, ShapeName } from './shapes.ts';
import { shapes } from './shapes.ts';
import { sizedShapes } from './sized-shapes.ts';

/** How records follow one another in a stream. */
export type Framing =
  /** Every record of a stream has one size, whatever its type. */
  | { readonly kind: 'fixed'; readonly shortBytes: number; readonly longBytes: number }
  /**
   * A frame stands before each record: `u32` bytes of both together, a multiple of 8; `u32` flags; `u64` number of
   * the record within its stream. Records of all types share a stream.
   */
  | {
      readonly kind: 'sized';
      /** Bytes of a frame. */
      readonly frameBytes: number;
      /** Fewest bytes of a frame and its record together. */
      readonly leastBytes: number;
      /** Most bytes of a frame and its record together. */
      readonly mostBytes: number;
    };

/** A binary interface between a kernel and the recorder: the record model in one framing. */
export interface Abi {
  /** Name carried by batches and capture files. */
  readonly id: string;
  readonly framing: Framing;
  /** The record structures. Their common part, up to byte 144 of a node, is the same in every interface. */
  readonly shapes: ReadonlyMap<ShapeName, Shape>;
}

/** CamFlow 0.9: 256-byte records on the short relay, 4,280-byte records on the long one. */
export const abiCamflow09: Abi & { readonly framing: { readonly kind: 'fixed' } } = {
  id: 'camflow-0.9',
  framing: { kind: 'fixed', shortBytes: 256, longBytes: 4280 },
  shapes,
};

/** The BPF programs of this project: CamFlow's records cut to what they use, text and bytes of any length. */
export const abiBpf1: Abi & { readonly framing: { readonly kind: 'sized' } } = {
  id: 'camflow-bpf-1',
  framing: { kind: 'sized', frameBytes: 16, leastBytes: 80, mostBytes: 132 << 10 },
  shapes: sizedShapes,
};

/** Every interface that this release decodes, by name. */
export const abis: ReadonlyMap<string, Abi> = new Map(
  [abiCamflow09, abiBpf1].map((abi): [string, Abi] => [abi.id, abi]),
);
