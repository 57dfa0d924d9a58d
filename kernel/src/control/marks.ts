/** What is said about one file or process. */
export interface Marks {
  /** What happens to it is recorded. */
  readonly tracked: boolean;
  /** Nothing of it is ever recorded. */
  readonly opaque: boolean;
  /** Whatever its data reaches becomes tracked, too. */
  readonly propagate: boolean;
}

/** What is to change; what is absent stays as it is. */
export interface MarkChange extends Partial<Marks> {
  /** Taint bits to add. They cannot be taken away. */
  readonly taint?: bigint;
}

/** Bits of `internal_flag`, and of operations. */
export const markBits = { tracked: 0x01, opaque: 0x02, propagate: 0x04 } as const;

/** All of them. */
export const allMarks: number = markBits.tracked | markBits.opaque | markBits.propagate;

const names = ['tracked', 'opaque', 'propagate'] as const;

/** The bits that a change is about, and how these are to stand. */
export function bitsOfChange(change: MarkChange): { readonly affected: number; readonly values: number } {
  let [affected, values] = [0, 0];
  for (const name of names) {
    if (change[name] === undefined) continue;
    affected |= markBits[name];
    if (change[name]) values |= markBits[name];
  }
  return { affected, values };
}

/** The marks in an `internal_flag`. */
export function marksOf(flags: number): Marks {
  return {
    tracked: (flags & markBits.tracked) !== 0,
    opaque: (flags & markBits.opaque) !== 0,
    propagate: (flags & markBits.propagate) !== 0,
  };
}
