import type { SourceCapabilities } from './capture-source.ts';

/** A test on one field of a record. Field names are those of the record structure, or `snd.type` and `rcv.type`. */
export interface FieldTest {
  /** Name of the field; a record that lacks it does not match. */
  readonly field: string;
  /** `in`: equal to one of the values. `mask`: has a bit in common with one of the values. */
  readonly op: 'in' | 'mask';
  /** Decimal or 0x-prefixed integers, or type names where the field is a type. */
  readonly values: readonly string[];
}

/** One rule of a record filter. A rule without `nodes` and `relations` concerns every record. */
export interface FilterRule {
  /** What becomes of a record that the rule matches; a dropped one is counted as filtered. */
  readonly action: 'keep' | 'drop';
  /** Names of node types; `*` stands for all. */
  readonly nodes?: readonly string[];
  /** Names of relation types; `*` stands for all. */
  readonly relations?: readonly string[];
  /** Every one of these must hold. */
  readonly where?: readonly FieldTest[];
}

/** Rules in order: the first that matches decides; a record that none matches is kept. */
export interface RecordFilter {
  /** In the order in which they are tried. */
  readonly rules: readonly FilterRule[];
}

/** What a policy comes down to. Plain data: it is sent to workers and to sources. */
export interface PolicyProgram {
  /** Names the effective policy, equal exactly when the policies are: `hashRecordFilter` of its whole filter. */
  readonly hash: string;
  /**
   * What the source may leave out before it costs anything: only parts that it named in its capabilities, and nothing
   * that the filter keeps. Null for nothing. `programOf` and `pushDownOf` make it.
   */
  readonly pushDown: RecordFilter | null;
  /** What the workers apply: the whole filter, since a source may take over less than it was given. Null keeps everything. */
  readonly filter: RecordFilter | null;
}

/** Decides what is recorded. Pure: the same options and capabilities give the same program. */
export interface Policy {
  /**
   * @param capabilities - what the source can apply itself
   * @returns the program to run; called once, on the main thread, before anything is opened
   */
  compile(capabilities: SourceCapabilities): PolicyProgram;
}
