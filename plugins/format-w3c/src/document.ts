import type { UnitWriter } from '@camflow/api';
import type { Dialect } from '@camflow/format-compiler';
import { sections } from './sections.ts';

/** CamFlow's namespaces lack the `#` that makes names of them. */
const prefixes: Readonly<Record<Dialect, string>> = {
  default: '{"prefix":{"prov":"http://www.w3.org/ns/prov#","cf":"http://www.camflow.org#"}',
  camflow: '{"prefix":{"prov" : "http://www.w3.org/ns/prov", "cf":"http://www.camflow.org"}',
};
const sectionEnd = Buffer.from('}');
const documentEnd = Buffer.from('}\n');

/**
 * A document while it is filled: one stretch of the output for each section, so that records of all kinds are
 * written as they come and each is copied only once, when the document is closed.
 */
export class OpenDocument {
  /** Where the next entry of each section goes. Whoever writes there calls {@link add} or leaves it. */
  readonly ends: Int32Array = new Int32Array(sections.length);
  /** Records in the document. */
  records = 0;
  readonly #out: Uint8Array;
  readonly #starts: Int32Array;
  readonly #prefix: Uint8Array;
  readonly #headers: readonly Uint8Array[];
  #bytes = 0;

  /** @param sectionBytes - size of the stretch of each section; `out` holds one after the other */
  constructor(out: Uint8Array, sectionBytes: number, dialect: Dialect) {
    this.#out = out;
    this.#starts = Int32Array.from(sections, (_, i) => i * sectionBytes);
    this.#prefix = Buffer.from(prefixes[dialect]);
    this.#headers = sections.map((name) => Buffer.from(`, "${name}":{`));
    this.clear();
  }

  /** Bytes that the document would have with one more entry, which ends at `end`. */
  sizeWith(section: number, end: number): number {
    const start = this.ends[section]!;
    const header = start === this.#starts[section] ? this.#headers[section]!.length + sectionEnd.length : 0;
    return this.#bytes + header + end - start;
  }

  /** Takes over the entry that was written at the end of a section. */
  add(section: number, end: number): void {
    this.#bytes = this.sizeWith(section, end);
    this.ends[section] = end;
    this.records++;
  }

  /** Closes the document, unless it is empty, and starts the next one. */
  close(writer: UnitWriter): void {
    if (this.records === 0) return;
    writer.write(this.#prefix);
    for (let section = 0; section < this.ends.length; section++) {
      const start = this.#starts[section]!;
      const end = this.ends[section]!;
      if (end === start) continue;
      writer.write(this.#headers[section]!);
      // Without the comma before the first entry.
      writer.write(this.#out, start + 1, end);
      writer.write(sectionEnd);
    }
    writer.write(documentEnd);
    writer.endUnit(this.records);
    this.clear();
  }

  /** Closes the document and makes an entry that was written at the end of a section, and not added, the first of the next. */
  closeBefore(section: number, end: number, writer: UnitWriter): void {
    const start = this.ends[section]!;
    this.close(writer);
    this.#out.copyWithin(this.#starts[section]!, start, end);
    this.add(section, this.#starts[section]! + end - start);
  }

  /** Empties the document without writing it. */
  clear(): void {
    this.ends.set(this.#starts);
    this.records = 0;
    this.#bytes = this.#prefix.length + documentEnd.length;
  }
}
