import { sequenceLength } from '@camflow/api';

const maxDepth = 128;
/** Objects of more keys than this remember them in a set. */
const fewKeys = 32;

/** What is wrong with a JSON text, and at which byte. */
export interface JsonProblem {
  readonly message: string;
  /** Byte of the text at which it was noticed. */
  readonly at: number;
}

class Failure extends Error {
  readonly at: number;

  constructor(message: string, at: number) {
    super(message);
    this.at = at;
  }
}

/**
 * Checks bytes against the grammar of JSON, more strictly than `JSON.parse`: the bytes must be UTF-8, no object
 * may hold a key twice, and an escaped surrogate must have its other half. Space around the value is allowed.
 * @returns what is wrong, or undefined
 */
export function checkJson(
  bytes: Uint8Array,
  start: number = 0,
  end: number = bytes.length,
): JsonProblem | undefined {
  const scanner = new Scanner(bytes, start, end);
  try {
    scanner.document();
    return undefined;
  } catch (error) {
    if (error instanceof Failure) return { message: error.message, at: error.at - start };
    throw error;
  }
}

class Scanner {
  readonly #bytes: Uint8Array;
  readonly #end: number;
  #at: number;
  #depth = 0;
  #hash = 0;
  #escaped = false;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  document(): void {
    this.#space();
    this.#value();
    this.#space();
    if (this.#at < this.#end) this.#fail('text after the value');
  }

  #value(): void {
    const byte = this.#peek();
    if (byte === 0x22) this.#string();
    else if (byte === 0x7b) this.#nested(() => this.#object());
    else if (byte === 0x5b) this.#nested(() => this.#array());
    else if (byte === 0x2d || (byte >= 0x30 && byte <= 0x39)) this.#number();
    else if (byte === 0x74) this.#word('true');
    else if (byte === 0x66) this.#word('false');
    else if (byte === 0x6e) this.#word('null');
    else this.#fail('no value');
  }

  #nested(scan: () => void): void {
    if (++this.#depth > maxDepth) this.#fail('nested too deep');
    this.#at++;
    this.#space();
    scan();
    this.#depth--;
  }

  #object(): void {
    if (this.#take(0x7d)) return;
    const hashes: number[] = [];
    const starts: number[] = [];
    let many: Set<string> | undefined;
    for (;;) {
      const start = this.#at;
      if (this.#peek() !== 0x22) this.#fail('no key');
      this.#string();
      if (this.#escaped || many !== undefined || hashes.length === fewKeys) {
        // Rare: keys are then compared as text. The set starts with the keys seen so far.
        many ??= new Set(starts.map((at) => this.#text(at)));
        const key = this.#text(start);
        if (many.has(key)) this.#fail(`key ${key} twice`, start);
        many.add(key);
      } else {
        for (let i = 0; i < hashes.length; i++) {
          if (hashes[i] === this.#hash && this.#text(starts[i]!) === this.#text(start)) {
            this.#fail(`key ${this.#text(start)} twice`, start);
          }
        }
        hashes.push(this.#hash);
        starts.push(start);
      }
      this.#space();
      if (!this.#take(0x3a)) this.#fail('no colon');
      this.#space();
      this.#value();
      this.#space();
      if (this.#take(0x7d)) return;
      if (!this.#take(0x2c)) this.#fail('no comma');
      this.#space();
    }
  }

  #array(): void {
    if (this.#take(0x5d)) return;
    for (;;) {
      this.#value();
      this.#space();
      if (this.#take(0x5d)) return;
      if (!this.#take(0x2c)) this.#fail('no comma');
      this.#space();
    }
  }

  /** Moves over a string; leaves its hash, and whether it holds escapes. */
  #string(): void {
    const bytes = this.#bytes;
    let at = this.#at + 1;
    let hash = 0;
    this.#escaped = false;
    for (;;) {
      if (at >= this.#end) this.#fail('string without end', at);
      const byte = bytes[at]!;
      if (byte === 0x22) break;
      hash = (Math.imul(hash, 31) + byte) | 0;
      if (byte < 0x20) this.#fail('control character in a string', at);
      else if (byte === 0x5c) at = this.#escape(at);
      else if (byte < 0x80) at++;
      else at += this.#sequence(at);
    }
    this.#at = at + 1;
    this.#hash = hash;
  }

  #sequence(at: number): number {
    // The range that stands for invalid bytes is valid UTF-8 itself: U+EF80 to U+EFFF.
    const length = sequenceLength(this.#bytes, at);
    if (length > 0 && at + length <= this.#end) return length;
    const [second = 0, third = 0] = [this.#bytes[at + 1], this.#bytes[at + 2]];
    if (this.#bytes[at] === 0xee && (second & 0xfe) === 0xbe && (third & 0xc0) === 0x80) return 3;
    return this.#fail('not UTF-8', at);
  }

  #escape(at: number): number {
    this.#escaped = true;
    const kind = this.#bytes[at + 1] ?? 0;
    if (kind !== 0x75)
      return '"\\/bfnrt'.includes(String.fromCharCode(kind)) ? at + 2 : this.#fail('bad escape', at);
    const code = this.#hex(at);
    if (code < 0xd800 || code > 0xdfff) return at + 6;
    const low = this.#bytes[at + 6] === 0x5c && this.#bytes[at + 7] === 0x75 ? this.#hex(at + 6) : 0;
    if (code > 0xdbff || low < 0xdc00 || low > 0xdfff) this.#fail('half a surrogate pair', at);
    return at + 12;
  }

  #hex(at: number): number {
    const digits = Buffer.from(this.#bytes.subarray(at + 2, at + 6)).toString('latin1');
    return /^[0-9a-fA-F]{4}$/.test(digits) ? Number.parseInt(digits, 16) : this.#fail('bad escape', at);
  }

  #number(): void {
    this.#take(0x2d);
    if (!this.#take(0x30)) this.#digits();
    if (this.#take(0x2e)) this.#digits();
    if (this.#take(0x65) || this.#take(0x45)) {
      if (!this.#take(0x2b)) this.#take(0x2d);
      this.#digits();
    }
  }

  #digits(): void {
    const start = this.#at;
    while (this.#peek() >= 0x30 && this.#peek() <= 0x39) this.#at++;
    if (this.#at === start) this.#fail('no digit');
  }

  #word(word: string): void {
    for (let i = 0; i < word.length; i++) {
      if (!this.#take(word.charCodeAt(i))) this.#fail(`not ${word}`);
    }
  }

  #space(): void {
    for (let byte = this.#peek(); byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09; ) {
      this.#at++;
      byte = this.#peek();
    }
  }

  #text(start: number): string {
    let end = start + 1;
    while (this.#bytes[end] !== 0x22) end += this.#bytes[end] === 0x5c ? 2 : 1;
    return JSON.parse(Buffer.from(this.#bytes.subarray(start, end + 1)).toString()) as string;
  }

  #peek(): number {
    return this.#at < this.#end ? this.#bytes[this.#at]! : -1;
  }

  #take(byte: number): boolean {
    if (this.#peek() !== byte) return false;
    this.#at++;
    return true;
  }

  #fail(message: string, at: number = this.#at): never {
    throw new Failure(message, at);
  }
}
