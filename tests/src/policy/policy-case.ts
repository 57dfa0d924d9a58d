import type { MarkChange, ProvenanceControl, RuleAction } from '@camflow/kernel';

/** One run of a program of `tests/fixtures/workloads/flows.c`, in the folder of its case. */
export interface FlowRun {
  readonly words: readonly string[];
  readonly uid?: number;
  readonly gid?: number;
  /** Whether it enters the cgroup of the tests first. */
  readonly inCgroup?: boolean;
  /** What is said about the process once it waits for being told to go on. */
  readonly mark?: MarkChange;
  /** What is said by then about the file `in`: as a file that is there, or by its key alone. */
  readonly said?: { readonly by: 'path' | 'key'; readonly flags: number };
  /** Whether it gets a signal by then, from a process of which nothing is said. */
  readonly signalled?: boolean;
  /** What is said by then about its cgroup namespace, which is a new one. */
  readonly ofNamespace?: RuleAction;
}

/** What the steps of a case can reach. */
export interface PolicyMachine {
  readonly control: ProvenanceControl;
  /** Folder of this run: `in` and `other` are in it, with a few bytes each. */
  readonly folder: string;
  /** Number of the cgroup of the tests. */
  readonly cgroup: bigint;
  /** Has the kernel forget every inode that nobody uses. */
  dropCaches(): void;
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
  /** Files of which is told afterwards what is said about them: `out is tracked propagate 0x20`. */
  readonly asks?: readonly string[];
}

/** What became of a case. */
export interface PolicyOutcome {
  readonly matching: readonly string[];
  readonly others: readonly string[];
}

/** What is in the sieve when no process is tracked any more. */
export interface SieveRest {
  /** As it says itself, and its slots together. */
  readonly sum: number;
  readonly slots: number;
  /** Files of which anything is said. */
  readonly files: number;
}
