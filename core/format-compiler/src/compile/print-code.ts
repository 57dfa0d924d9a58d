import type { CodeWriter } from './code-writer.ts';
import { differingPart, type TextVariants } from './text-variants.ts';

/**
 * Prints the source text of code.
 * Constant text is stored as literals of eight bytes; positions known at compile time are added up instead of
 * moving `p`.
 * @param variants - takes in the texts that differ; may be left out for code of a single type of record
 */
export function printCode(code: CodeWriter, variants?: TextVariants): string {
  const printer = new CodePrinter();
  for (const step of code.steps) {
    if (step.kind === 'fixed') printer.fixed(step.size, step.code);
    else if (step.kind === 'value') printer.value(step.code);
    else if (step.kind === 'statement') printer.statement(step.code);
    else {
      const { before, parts, after } = differingPart(step.texts);
      printer.text(before);
      if (variants !== undefined && parts.some((part) => part !== '')) {
        const { stores, length } = variants.add(parts);
        printer.variant(stores, length);
      }
      printer.text(after);
    }
  }
  printer.statement('');
  return printer.lines.join('\n');
}

class CodePrinter {
  readonly lines: string[] = [];
  #ahead = 0;

  text(text: string): void {
    const bytes = Buffer.alloc((text.length + 7) & ~7, 0);
    bytes.write(text, 'latin1');
    for (let at = 0; at < text.length; at += 8) {
      // Shorter remainders are stored in whole too: what comes next overwrites the excess.
      this.lines.push(
        text.length - at <= 4
          ? `D.setInt32(${this.#position(at)},${bytes.readInt32LE(at)},true);`
          : `D.setFloat64(${this.#position(at)},${bytes.readDoubleLE(at)},true);`,
      );
    }
    this.#ahead += text.length;
  }

  fixed(size: number, code: (position: string) => string): void {
    this.lines.push(`${code(this.#position(0))};`);
    this.#ahead += size;
  }

  value(code: (position: string) => string): void {
    this.lines.push(`p=${code(this.#position(0))};`);
    this.#ahead = 0;
  }

  /** @param stores - expressions of eight bytes each; @param length - bytes of the text, or the expression of it */
  variant(stores: readonly string[], length: number | string): void {
    for (const [i, store] of stores.entries()) {
      this.lines.push(`D.setFloat64(${this.#position(i * 8)},${store},true);`);
    }
    if (typeof length === 'number') this.#ahead += length;
    else {
      this.lines.push(`p=${this.#position(0)}+${length};`);
      this.#ahead = 0;
    }
  }

  statement(code: string): void {
    if (this.#ahead > 0) this.lines.push(`p=${this.#position(0)};`);
    this.#ahead = 0;
    this.lines.push(code);
  }

  #position(offset: number): string {
    const ahead = this.#ahead + offset;
    return ahead === 0 ? 'p' : `p+${ahead}`;
  }
}
