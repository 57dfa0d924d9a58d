import { markBits } from '@camflow/kernel';
import { again, copy, markFile, nothing, port, propagating, read, write } from './case-words.ts';
import type { PolicyCase } from './policy-case.ts';

const ways = [
  ...['file', 'pipe', 'socket', 'mapping', 'segment', 'attachment', 'message', 'queue'],
  ...['copied-message', 'xattr', 'fork', 'exec'],
] as const;

/** The process had it mapped when nothing was said about it yet. */
export const mappedCases: readonly PolicyCase[] = (['path', 'key'] as const).map((by) => ({
  name: `file propagate, said by ${by} while it is mapped`,
  say: nothing,
  matching: [
    { words: ['mapped', 'in', 'out'], said: { by, flags: markBits.tracked | markBits.propagate } },
    copy('out', 'final'),
  ],
  others: [{ words: ['mapped', 'in', 'out'] }, copy('out', 'final')],
  // It was opened when nobody cared what it is called, and is not opened again.
  shows: ['sh_read file in > process_memory', write, again],
}));

export const propagation: readonly PolicyCase[] = [
  ...ways.map((way) => ({
    name: `propagation through: ${way}`,
    say: markFile('in', propagating),
    matching: [{ words: ['through', way, 'in', 'out'] }, copy('out', 'final')],
    others: [{ words: ['through', way, 'other', 'out'] }, copy('out', 'final')],
    shows: [read, write, again],
  })),
  ...['4', '6'].flatMap((family) =>
    ['stream', 'datagram'].map((type) => ({
      name: `propagation through: ${type} of IPv${family}`,
      say: markFile('in', propagating),
      matching: [{ words: ['net', family, type, String(port), 'in', 'out'] }, copy('out', 'final')],
      others: [{ words: ['net', family, type, String(port), 'other', 'out'] }, copy('out', 'final')],
      shows: [read, write, again],
    })),
  ),
];
