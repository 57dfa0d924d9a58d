/** Bounds of a table of texts; it keeps two generations of this size each. */
export interface TableLimits {
  /** Texts of one generation; a power of two. */
  readonly entries: number;
  /** Bytes of all texts of one generation; 4096 and up. */
  readonly textBytes: number;
}

/** Bounds on the memory of a run beside its slabs. */
export interface RunLimits {
  /** Names of `path` nodes that are remembered. */
  readonly names: TableLimits;
  /** Security contexts that are remembered. */
  readonly securityContexts: TableLimits;
  /** Bytes of units that may wait for one output before nothing more is read. */
  readonly outputQueueBytes: number;
}

/** What holds where a run is given no limits. */
export const defaultRunLimits: RunLimits = {
  // 131,072 names in two generations, of 128 bytes on average.
  names: { entries: 65_536, textBytes: 8 << 20 },
  // Few systems have more than some hundred contexts; one per container with MCS categories fits too.
  securityContexts: { entries: 8_192, textBytes: 1 << 20 },
  // More than the text of the largest batch: an output that keeps up is given all of it from memory.
  outputQueueBytes: 32 << 20,
};
