/** Something that is done in the guest. `@A`, `@B` and `@C` in its words stand for the numbers of three processes. */
export type ControlStep =
  /** An option of `camflow`, by the program itself but in one process: starting node takes seconds there. */
  | { readonly camflow: readonly string[] }
  /** Lines of shell, as root or as another user. */
  | { readonly shell: string; readonly uid?: number }
  /** Asks the programs in which epoch they are. */
  | { readonly ask: 'epoch' };

/** What became of it. */
export interface StepOutcome {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}
