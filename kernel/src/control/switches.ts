/**
 * What can be switched on and off.
 *
 * - `enabled`: whether anything is captured
 * - `all`: whether the whole system is captured, and not only what is tracked
 * - `version`: whether nodes get versions
 * - `compressNode`: whether a node gets a new version only after it was read
 * - `compressEdge`: whether repeated relations of one kind are published once
 * - `duplicate`: whether nodes are published with every relation
 */
export const switchNames = [
  'enabled',
  'all',
  'version',
  'compressNode',
  'compressEdge',
  'duplicate',
] as const;

/** One of {@link switchNames}. */
export type SwitchName = (typeof switchNames)[number];

/** How every switch stands. */
export type Switches = Readonly<Record<SwitchName, boolean>>;

/** The switches of a kernel. */
export interface SwitchControl {
  /** How they stand now. */
  read(): Switches;
  /**
   * How one is to stand, by what was said: who records one command, say, has it otherwise for as long.
   * @returns undefined where nobody said so far
   */
  said(name: SwitchName): boolean | undefined;
  /** Turns one on or off. */
  set(name: SwitchName, on: boolean): void;
  /** Whether any record was captured since the kernel started, or since the programs were loaded. */
  captured(): boolean;
}
