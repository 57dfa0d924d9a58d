import { checkJson } from '@camflow/testkit';

const vertexTypes = new Set(['activity', 'entity', 'agent']);
const edgeTypes = new Set([
  'used',
  'wasgeneratedby',
  'wasinformedby',
  'wasderivedfrom',
  'wasassociatedwith',
  'wasattributedto',
  'actedonbehalfof',
]);
/** A hash of SPADE's own: an identifier that looks like one stops it. */
const ownHash = /^[0-9a-f]{32}$/i;

interface SpadeObject {
  readonly type?: string;
  readonly id?: string;
  readonly from?: string;
  readonly to?: string;
  readonly annotations?: Readonly<Record<string, unknown>>;
}

/**
 * Reads as SPADE's CamFlow reporter does: it skips to the next `{`, reads an object, and repeats, whatever stands in
 * between. What it cannot read ends it for good, without a word to whoever writes.
 */
export class SpadeReader {
  /** Objects it passed on, as they stood in the text. */
  readonly taken: string[] = [];
  /** Objects it leaves out with a warning. */
  readonly skipped: string[] = [];
  /** Why it reads no more. */
  stopped: string | undefined;
  #rest: Buffer = Buffer.alloc(0);
  /** Where in the rest to go on looking for the end of an object. */
  #at = 0;
  #depth = 0;
  #inText = false;

  /** Takes the next piece of what it reads. */
  push(bytes: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    while (this.stopped === undefined) {
      const text = this.#nextObject();
      if (text === undefined) return;
      this.#object(text);
    }
  }

  #nextObject(): Buffer | undefined {
    for (; this.#at < this.#rest.length; this.#at++) {
      const byte = String.fromCharCode(this.#rest[this.#at]!);
      if (byte === '\0') this.stopped = 'a NUL, which is the end of its input';
      if (this.stopped !== undefined) return undefined;
      if (this.#inText) {
        if (byte === '\\') this.#at++;
        else if (byte === '"') this.#inText = false;
      } else if (byte === '{') {
        // What stands before an object is skipped.
        if (this.#depth++ === 0) this.#rest = this.#rest.subarray(this.#at);
        if (this.#depth === 1) this.#at = 0;
      } else if (this.#depth > 0 && byte === '"') this.#inText = true;
      else if (byte === '}' && --this.#depth === 0) {
        const object = this.#rest.subarray(0, this.#at + 1);
        this.#rest = this.#rest.subarray(this.#at + 1);
        this.#at = 0;
        return object;
      }
    }
    return undefined;
  }

  #object(bytes: Buffer): void {
    const text = bytes.toString();
    const problem = checkJson(bytes);
    if (problem !== undefined) {
      this.stopped = `${problem.message}: ${text}`;
      return;
    }
    const { type = '', id = '', from = '', to = '', annotations } = JSON.parse(text) as SpadeObject;
    const isVertex = vertexTypes.has(type.toLowerCase());
    const isEdge = edgeTypes.has(type.toLowerCase());
    const whole = isVertex ? id !== '' : from !== '' && to !== '';
    if (isVertex && ownHash.test(id)) this.stopped = `an identifier like SPADE's own: ${text}`;
    else if ((isVertex || isEdge) && whole && typeof annotations === 'object') this.taken.push(text);
    else this.skipped.push(text);
  }
}
