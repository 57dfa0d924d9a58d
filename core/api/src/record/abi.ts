/** How records follow one another in a stream. */
export type Framing =
  /** Every record of a stream has one size, whatever its type. */
  { readonly kind: 'fixed'; readonly shortBytes: number; readonly longBytes: number };

/** A binary interface between a kernel and the recorder: the record model in one framing. */
export interface Abi {
  /** Name carried by batches and capture files. */
  readonly id: string;
  readonly framing: Framing;
}

/** CamFlow 0.9: 256-byte records on the short relay, 4,280-byte records on the long one. */
export const abiCamflow09: Abi = {
  id: 'camflow-0.9',
  framing: { kind: 'fixed', shortBytes: 256, longBytes: 4280 },
};

/** Every interface that this release decodes, by name. */
export const abis: ReadonlyMap<string, Abi> = new Map([[abiCamflow09.id, abiCamflow09]]);
