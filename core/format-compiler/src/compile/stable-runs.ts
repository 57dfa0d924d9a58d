import type { Field } from '@camflow/api';
import type { Part } from '../table/content.ts';
import { CodeWriter } from './code-writer.ts';
import { type ContentScope, fieldIn, writeContent } from './content-code.ts';
import { fieldWords } from './field-code.ts';
import { printCode } from './print-code.ts';

/** Fields that are mostly equal from one record to the next. */
const stableFields: ReadonlySet<string> = new Set([
  ...['boot_id', 'machine_id', 'epoch', 'jiffies', 'taint'],
  ...['utsns', 'ipcns', 'mntns', 'pidns', 'netns', 'cgroupns'],
]);

/** Fewest stable contents for which a run of text is worth keeping. */
const worthKeeping = 2;

function isStable(part: Part): boolean {
  if (typeof part === 'string') return true;
  return part.kind === 'date' || ('field' in part && stableFields.has(part.field));
}

/** A part of a record, or a run of parts whose text is kept from one record to the next. */
export type Segment = { readonly part: Part } | { readonly run: readonly Part[] };

/** Finds the runs: constant text and stable contents in a row, from the first stable content to the last. */
export function findRuns(parts: readonly Part[]): Segment[] {
  const segments: Segment[] = [];
  for (let i = 0; i < parts.length; i++) {
    let end = i;
    let contents = 0;
    if (typeof parts[i] !== 'string') {
      for (let j = i; j < parts.length && isStable(parts[j]!); j++) {
        if (typeof parts[j] === 'string') continue;
        contents++;
        end = j;
      }
    }
    if (contents >= worthKeeping) {
      segments.push({ run: parts.slice(i, end + 1) });
      i = end;
    } else segments.push({ part: parts[i]! });
  }
  return segments;
}

/**
 * Code for the runs of all record types. Types that share a run share its text: one record after another of
 * different types but of the same moment then finds it ready.
 */
export class StableRuns {
  readonly #declarations: string[] = [];
  readonly #names = new Map<string, { readonly name: string; readonly maxBytes: number }>();

  /** Adds the code that writes a run to `code`. */
  write(code: CodeWriter, run: readonly Part[], scope: ContentScope): void {
    const identity = JSON.stringify([scope.types[0].shape === 'relation', run]);
    let known = this.#names.get(identity);
    if (known === undefined) {
      known = this.#declare(`run${this.#names.size}`, run, scope);
      this.#names.set(identity, known);
    }
    const { name, maxBytes } = known;
    code.value(maxBytes, (p) => `${name}(${p},w)`);
  }

  /** Declarations that the functions of the records need. */
  toString(): string {
    return this.#declarations.join('\n');
  }

  #declare(
    name: string,
    run: readonly Part[],
    scope: ContentScope,
  ): { readonly name: string; readonly maxBytes: number } {
    const code = new CodeWriter();
    const fields: Field[] = [];
    for (const part of run) {
      if (typeof part === 'string') code.text([part]);
      else {
        writeContent(code, part, scope);
        if ('field' in part) fields.push(fieldIn(scope, part.field));
      }
    }
    const words = [...new Set(fields.flatMap(fieldWords))];
    const doubles = Math.ceil(code.maxBytes / 8);
    const stale = [`dates.batch!==${name}Batch`, ...words.map((word) => `W[w+${word}]!==${name}W${word}`)];
    // Zeros end the text: with what stood there before, its last double could be no number, which is not kept exactly.
    this.#declarations.push(`
let ${[`${name}Batch=-1`, `${name}Length=0`, ...words.map((word) => `${name}W${word}=0`)].join()};
const ${name}Text=new Float64Array(${doubles});
function ${name}Render(start,w){let p=start;
${printCode(code)}
D.setFloat64(p,0,true);
${Array.from({ length: doubles }, (_, i) => `${name}Text[${i}]=D.getFloat64(start+${i * 8},true);`).join('')}
${name}Length=p-start;${name}Batch=dates.batch;
${words.map((word) => `${name}W${word}=W[w+${word}];`).join('')}
return p;}
function ${name}(p,w){
if(${stale.join('||')})return ${name}Render(p,w);
${Array.from({ length: doubles }, (_, i) => `D.setFloat64(p+${i * 8},${name}Text[${i}],true);`).join('\n')}
return p+${name}Length;}`);
    return { name, maxBytes: code.maxBytes };
  }
}
