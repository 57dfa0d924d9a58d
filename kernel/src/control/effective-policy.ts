import type { Filters } from './filters.ts';
import type { Rule } from './rules.ts';
import type { Switches } from './switches.ts';

/** Everything that decides what a kernel captures, but for the marks of single files and processes. */
export interface EffectivePolicy {
  readonly switches: Switches;
  readonly filters: Filters;
  /** Of every kind, in the order of `ruleKinds`. */
  readonly rules: readonly Rule[];
}

/** What captures. Part of the policy hash: another version may capture differently. */
export interface CaptureVersion {
  /** For example `v0.9.0`. */
  readonly version: string;
  /** Of the source that it was built from; empty where that is not known. */
  readonly commit: string;
}
