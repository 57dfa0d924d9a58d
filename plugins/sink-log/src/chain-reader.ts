import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { type ChainOpening, type ClosingLine, startOfChain } from './chain-format.ts';

/** How a chain begins and ends, which is known without reading what is between. */
export interface ChainEnds {
  readonly opening: ChainOpening;
  /** Undefined where the chain is not closed. */
  readonly statement: ClosingLine | undefined;
  /** The hash of the whole chain, as it says: what the next one begins with. */
  readonly last: string;
  /** Where the lines between opening and statement begin and end, in bytes; a line that was torn off is not among them. */
  readonly from: number;
  readonly to: number;
}

/** More than an opening, or the last two lines of a chain, may take, in bytes. */
const endBytes = 64 << 10;

/**
 * Reads how a chain begins and ends; takes the same memory for a chain of any length.
 * @returns undefined where it has no beginning
 * @throws the error of reading it
 */
export async function readEnds(chain: string): Promise<ChainEnds | undefined> {
  const file = await open(chain);
  try {
    const { size } = await file.stat();
    const head = await readPiece(file, 0, Math.min(size, endBytes));
    const from = head.indexOf('\n') + 1;
    const opening = parse<ChainOpening>(head.toString('utf8', 0, from));
    if (typeof opening?.segment !== 'number' || typeof opening.previous !== 'string') return undefined;
    const start = Math.max(from, size - endBytes);
    const tail = await readPiece(file, start, size - start);
    const end = tail.lastIndexOf('\n') + 1;
    const lines = tail.toString('latin1', 0, end).split('\n').slice(0, -1);
    const statement = parse<ClosingLine>(lines.at(-1));
    const to = start + end - (statement === undefined ? 0 : lines.pop()!.length + 1);
    const last = statement?.hash ?? lines.at(-1)?.split(' ')[0] ?? startOfChain(opening).value;
    return { opening, statement, last, from, to };
  } finally {
    await file.close();
  }
}

/** The lines of a chain between its opening and its statement. */
export async function* linesBetween(chain: string, { from, to }: ChainEnds): AsyncGenerator<string> {
  if (to <= from) return;
  let rest = '';
  for await (const chunk of createReadStream(chain, { start: from, end: to - 1, encoding: 'latin1' })) {
    const lines = (rest + chunk).split('\n');
    rest = lines.pop()!;
    yield* lines;
  }
}

async function readPiece(file: FileHandle, at: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, at);
  return buffer.subarray(0, bytesRead);
}

function parse<Value>(line: string | undefined): Value | undefined {
  if (line === undefined || !line.startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Value;
  } catch {
    return undefined;
  }
}
