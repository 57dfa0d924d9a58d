import type { ProvenanceControl } from '@camflow/kernel';

/** One thing that is to change in the kernel. */
export interface Change {
  /** In the words of camflow.ini: `+ user.track=alice`, `- ...`, `enabled=true`. */
  readonly text: string;
  readonly apply: (control: ProvenanceControl) => void;
  /** Puts back what was there before. */
  readonly revert: (control: ProvenanceControl) => void;
}
