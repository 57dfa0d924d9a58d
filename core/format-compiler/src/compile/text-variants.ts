import { recordTypes } from '@camflow/api';

/** The constant texts in which the record types that share code differ, in the memory that the code reads. */
export interface VariantTables {
  /** Eight characters each. */
  readonly variantTexts: Float64Array;
  /** The same memory: how long a text is stands before its characters. */
  readonly variantLengths: Int32Array;
  /** By index of the record type: where its texts start, in doubles. */
  readonly variantsOf: Int32Array;
}

/** Lays out the texts of all groups of record types, one group after another. */
export class VariantLayout {
  readonly #doubles: number[] = [];
  readonly #starts: Int32Array = new Int32Array(recordTypes.length + 1);

  /** Appends the texts of a group. */
  append(types: readonly number[], { slots }: TextVariants): void {
    for (const [member, type] of types.entries()) {
      this.#starts[type] = this.#doubles.length;
      for (const { parts, doubles } of slots) {
        const bytes = Buffer.alloc(8 + doubles * 8);
        bytes.writeInt32LE(parts[member]!.length, 0);
        bytes.write(parts[member]!, 8, 'latin1');
        for (let at = 0; at < bytes.length; at += 8) this.#doubles.push(bytes.readDoubleLE(at));
      }
    }
  }

  get tables(): VariantTables {
    const variantTexts = Float64Array.from(this.#doubles);
    const variantLengths = new Int32Array(variantTexts.buffer);
    return { variantTexts, variantLengths, variantsOf: this.#starts };
  }
}

/** The texts in which the members of one group differ; code finds those of a record from `v` on. */
export class TextVariants {
  readonly slots: { readonly parts: readonly string[]; readonly doubles: number }[] = [];
  #next = 0;

  /**
   * Adds a text that is another one for each member.
   * @returns expressions of its characters, and its length
   */
  add(parts: readonly string[]): { readonly stores: readonly string[]; readonly length: number | string } {
    const longest = Math.max(...parts.map((part) => part.length));
    const doubles = Math.ceil(longest / 8);
    const start = this.#next;
    this.slots.push({ parts, doubles });
    this.#next += 1 + doubles;
    return {
      stores: Array.from({ length: doubles }, (_, i) => `variantTexts[v+${start + 1 + i}]`),
      length: parts.every((part) => part.length === longest) ? longest : `variantLengths[v+${start}<<1]`,
    };
  }
}

/** Cuts texts into what all start with, what differs, and what all end with. */
export function differingPart(texts: readonly string[]): {
  readonly before: string;
  readonly parts: readonly string[];
  readonly after: string;
} {
  const [first] = texts as readonly [string, ...string[]];
  let before = first.length;
  for (const text of texts) while (!text.startsWith(first.slice(0, before))) before--;
  let after = Math.min(...texts.map((text) => text.length)) - before;
  for (const text of texts) while (!text.endsWith(first.slice(first.length - after))) after--;
  return {
    before: first.slice(0, before),
    parts: texts.map((text) => text.slice(before, text.length - after)),
    after: first.slice(first.length - after),
  };
}
