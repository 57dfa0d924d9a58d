/** One step of generated code. Code that writes is given the expression of its position. */
export type CodeStep =
  | { readonly kind: 'text'; readonly texts: readonly string[] }
  | { readonly kind: 'fixed'; readonly size: number; readonly code: (position: string) => string }
  | { readonly kind: 'value'; readonly code: (position: string) => string }
  | { readonly kind: 'statement'; readonly code: string };

/**
 * What a function writes at a position `p`, step by step; `printCode` makes source text of it. The function may
 * serve several types of record: constant text is given once for each of them.
 */
export class CodeWriter {
  readonly #steps: CodeStep[] = [];
  /** Most bytes that the code so far writes. */
  maxBytes = 0;

  get steps(): readonly CodeStep[] {
    return this.#steps;
  }

  /** Writes constant text, printable ASCII: one for each type of record. */
  text(texts: readonly string[]): void {
    for (const text of texts) {
      if (!/^[\x20-\x7e\n]*$/.test(text))
        throw new Error(`constant text must be ASCII: ${JSON.stringify(text)}`);
    }
    const last = this.#steps.at(-1);
    if (last?.kind === 'text') {
      const joined = texts.map((text, member) => last.texts[member]! + text);
      this.#steps.splice(-1, 1, { kind: 'text', texts: joined });
    } else this.#steps.push({ kind: 'text', texts });
    this.maxBytes += Math.max(...texts.map((text) => text.length));
  }

  /** Writes a value of fixed size: `code` gets the expression of its position. */
  fixed(size: number, code: (position: string) => string): void {
    this.#steps.push({ kind: 'fixed', size, code });
    this.maxBytes += size;
  }

  /** Writes a value of up to `most` bytes: `code` gets the expression of its position and gives that of its end. */
  value(most: number, code: (position: string) => string): void {
    this.#steps.push({ kind: 'value', code });
    this.maxBytes += most;
  }

  /** Adds a statement at which `p` must stand at the end of what is written. */
  statement(code: string): void {
    this.#steps.push({ kind: 'statement', code });
  }
}
