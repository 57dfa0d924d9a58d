/**
 * Source text of a function that writes at a position `p`, which it moves along. Constant text is stored as
 * literals of eight bytes; positions known at compile time are added up instead of moving `p`.
 */
export class CodeWriter {
  readonly #lines: string[] = [];
  #text = '';
  #ahead = 0;
  /** Most bytes that the code so far writes. */
  maxBytes = 0;

  /** Writes constant text, printable ASCII. */
  text(text: string): void {
    if (!/^[\x20-\x7e\n]*$/.test(text))
      throw new Error(`constant text must be ASCII: ${JSON.stringify(text)}`);
    this.#text += text;
    this.maxBytes += text.length;
  }

  /** Writes a value of fixed size: `code` gets the expression of its position. */
  fixed(size: number, code: (position: string) => string): void {
    this.#storeText();
    this.#lines.push(`${code(this.#position(0))};`);
    this.#ahead += size;
    this.maxBytes += size;
  }

  /** Writes a value of up to `most` bytes: `code` gets the expression of its position and gives that of its end. */
  value(most: number, code: (position: string) => string): void {
    this.#storeText();
    this.#lines.push(`p=${code(this.#position(0))};`);
    this.#ahead = 0;
    this.maxBytes += most;
  }

  /** Adds a statement at which `p` must stand at the end of what is written. */
  statement(code: string): void {
    this.#storeText();
    if (this.#ahead > 0) this.#lines.push(`p=${this.#position(0)};`);
    this.#ahead = 0;
    this.#lines.push(code);
  }

  /** The statements so far, `p` brought up to date. */
  toString(): string {
    this.statement('');
    return this.#lines.join('\n');
  }

  #position(offset: number): string {
    const ahead = this.#ahead + offset;
    return ahead === 0 ? 'p' : `p+${ahead}`;
  }

  #storeText(): void {
    const bytes = Buffer.alloc((this.#text.length + 7) & ~7, 0);
    bytes.write(this.#text, 'latin1');
    for (let at = 0; at < this.#text.length; at += 8) {
      // Shorter remainders are stored in whole too: what comes next overwrites the excess.
      this.#lines.push(
        this.#text.length - at <= 4
          ? `D.setInt32(${this.#position(at)},${bytes.readInt32LE(at)},true);`
          : `D.setFloat64(${this.#position(at)},${bytes.readDoubleLE(at)},true);`,
      );
    }
    this.#ahead += this.#text.length;
    this.#text = '';
  }
}
