import type { Accounts, LabelTable, ProvenanceControl } from '@camflow/kernel';
import type { OutputLosses } from '@camflow/runtime';

/** What the options of the command line work on. */
export interface ControlContext {
  readonly control: ProvenanceControl;
  readonly accounts: Accounts;
  readonly labels: LabelTable;
  /** What each output of the recorder lost over all its runs, as far as it has accounts. */
  readonly lostBy: ReadonlyMap<string, OutputLosses>;
}

/** What an option has to say. */
export interface Outcome {
  /** For people and scripts: without a newline at its end; empty where there is nothing to say. */
  readonly text: string;
  /** For `--json`. */
  readonly json: unknown;
}
