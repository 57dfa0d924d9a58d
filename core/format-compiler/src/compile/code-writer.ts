/** One step of generated code. Code that writes is given the expression of its position. */
export type CodeStep =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'fixed'; readonly size: number; readonly code: (position: string) => string }
  | { readonly kind: 'value'; readonly code: (position: string) => string }
  | { readonly kind: 'statement'; readonly code: string };

/** What a function writes at a position `p`, step by step; `printCode` makes source text of it. */
export class CodeWriter {
  readonly #steps: CodeStep[] = [];
  /** Most bytes that the code so far writes. */
  maxBytes = 0;

  get steps(): readonly CodeStep[] {
    return this.#steps;
  }

  /** Writes constant text, printable ASCII. */
  text(text: string): void {
    if (!/^[\x20-\x7e\n]*$/.test(text))
      throw new Error(`constant text must be ASCII: ${JSON.stringify(text)}`);
    const last = this.#steps.at(-1);
    if (last?.kind === 'text') this.#steps.splice(-1, 1, { kind: 'text', text: last.text + text });
    else if (text !== '') this.#steps.push({ kind: 'text', text });
    this.maxBytes += text.length;
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

  /** The same for code that differs in nothing but its constant texts. */
  get skeleton(): string {
    return JSON.stringify(
      this.#steps.map((step) => {
        if (step.kind === 'text') return 0;
        return step.kind === 'statement' ? step.code : [step.kind, step.code('p')];
      }),
    );
  }
}
