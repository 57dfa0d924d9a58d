import type { MarkChange, ProvenanceControl, RuleAction } from '@camflow/kernel';
import type { GraphFigures } from './mode-cases.ts';

/** One run of a program of `tests/fixtures/workloads/flows.c`, in the folder of its case. */
export interface FlowRun {
  readonly words: readonly string[];
  readonly uid?: number;
  readonly gid?: number;
  /** The cgroup that it enters first, by its path: that of the tests, or the one below it. */
  readonly inCgroup?: 'policy' | 'policy/inner';
  /** AppArmor's profile that it begins under. */
  readonly underProfile?: string;
  /** Whether the kernel is had to forget every inode that nobody uses before it begins. */
  readonly afterDropCaches?: boolean;
  /** A shell that runs it as its child, copies a line of `other` into `own` itself, and becomes a copy of `out`. */
  readonly byShell?: string;
  /** What is said about the process once it waits for being told to go on. */
  readonly mark?: MarkChange;
  /** What is said by then about the file `in`: as a file that is there, or by its key alone. */
  readonly said?: { readonly by: 'path' | 'key'; readonly flags: number };
  /** Whether a program called `sender`, of which nothing is said, sends it a signal by then that does nothing. */
  readonly signalled?: boolean;
  /** What is said by then about its cgroup namespace, which is a new one. */
  readonly ofNamespace?: RuleAction;
}

/** What the steps of a case can reach. */
export interface PolicyMachine {
  readonly control: ProvenanceControl;
  /** Folder of this run: `in` and `other` are in it, with a few bytes each. */
  readonly folder: string;
  /** Number of the cgroup of the tests, and of the one below it. */
  readonly cgroup: bigint;
  readonly innerCgroup: bigint;
  /** Gives a file of this folder the extended attribute `trusted.colour`. */
  paint(name: string): void;
  /** Has AppArmor make the security context that `flows confine` enters. */
  makeContext(): void;
  /** Saves the flags of files, takes them all away, and loads them again. */
  reloadFileFlags(): void;
}

/**
 * Something said about what is to be recorded; runs that it is about, and runs that it is not about. Each kind of run
 * has a folder of its own. Lines look like `write task > file out`.
 */
export interface PolicyCase {
  readonly name: string;
  /** Whether everything is recorded that nothing is said about. Default false. */
  readonly all?: boolean;
  /** Says it, in the folder of the runs that it is about. */
  readonly say: (machine: PolicyMachine) => void;
  readonly matching: readonly FlowRun[];
  readonly others: readonly FlowRun[];
  /** Must be there of the runs that it is about. */
  readonly shows: readonly string[];
  /** Must not be there of the runs that it is about. */
  readonly hides?: readonly string[];
  /**
   * Must be there of the other runs. Default, where not everything is recorded: nothing at all is there of them.
   */
  readonly othersShow?: readonly string[];
  /**
   * Files of which is told afterwards what is said about them: `out is tracked propagate 0x20`; and where they were
   * several objects, one after the other, how many: `out was 2 objects`.
   */
  readonly asks?: readonly string[];
}

/** What became of a case. */
export interface PolicyOutcome {
  readonly matching: readonly string[];
  readonly others: readonly string[];
}

/** What became of the runs in one mode: lines as above, and what is wrong with their graph. */
export interface ModeOutcome {
  readonly lines: readonly string[];
  readonly faults: readonly string[];
  readonly figures: GraphFigures;
}

/** What is in the sieve when no process is tracked any more. */
export interface SieveRest {
  /** As it says itself, and its slots together. */
  readonly sum: number;
  readonly slots: number;
  /** Files of which anything is said. */
  readonly files: number;
}
