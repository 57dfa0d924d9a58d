import { describe, expect, test } from 'vitest';
import { UnitCollector } from './unit-collector.ts';

function started(): UnitCollector {
  const out = new UnitCollector();
  out.begin(undefined);
  return out;
}

function unitsOf(out: UnitCollector): string[] {
  const { byteLength, unitCount } = out;
  const buffers = out.take();
  const ends = new Uint32Array(buffers.ends, 0, unitCount);
  const text = Buffer.from(buffers.bytes, 0, byteLength);
  return [...ends].map((end, i) => text.toString('utf8', i === 0 ? 0 : ends[i - 1], end));
}

describe('a unit collector', () => {
  test('keeps units apart, however they come, while it grows', () => {
    const out = started();
    const expected: string[] = [];
    for (let i = 0; i < 5000; i++) {
      const text = `\u00e9${i}`.repeat(i % 40);
      out.writeText(text);
      out.write(Buffer.from('xyz'), 1, 2);
      out.endUnit(i % 3);
      out.writeUnits(Buffer.from('aabbbcc.'), Uint32Array.of(2, 5, 7, 9), 3);
      expected.push(`${text}y`, 'aa', 'bbb', 'cc');
    }
    expect(out.records).toBe(5000 * 3 + 4999);
    expect(unitsOf(out)).toEqual(expected);
  });

  test('goes back to a mark, an open unit and counts included', () => {
    const out = started();
    out.writeText('kept');
    out.endUnit(2);
    out.drop(1, 'filtered');
    const mark = out.mark();
    out.writeText('gone');
    out.endUnit(5);
    out.drop(3, 'unit_too_large');
    out.drop(4, 'filtered');
    out.writeText('half');
    expect(out.accounted).toBe(15);
    out.rollback(mark);
    expect([out.unitOpen, out.accounted, out.dropped]).toEqual([false, 3, {}]);
    expect(unitsOf(out)).toEqual(['kept']);
  });

  test('works on in memory that comes back, without what was in it', () => {
    const out = started();
    out.writeText('first');
    out.endUnit(1);
    const buffers = out.take();
    out.begin(buffers);
    out.writeText('2nd');
    out.endUnit(1);
    expect(unitsOf(out)).toEqual(['2nd']);
    expect(out.take().bytes).toBe(buffers.bytes);
  });

  test.each<readonly [string, (out: UnitCollector) => void]>([
    ['a unit without bytes', (out) => out.endUnit(1)],
    ['ends that go back', (out) => out.writeUnits(Buffer.from('abc'), Uint32Array.of(2, 1), 2)],
    ['ends beyond the bytes', (out) => out.writeUnits(Buffer.from('abc'), Uint32Array.of(4), 1)],
  ])('refuses %s', (_, misuse) => {
    expect(() => misuse(started())).toThrow();
  });

  test('refuses units while one is open, and a number of records that is none', () => {
    const out = started();
    out.writeText('a');
    expect(() => out.writeUnits(Buffer.from('b'), Uint32Array.of(1), 1)).toThrow(/open/);
    expect(() => out.endUnit(-1)).toThrow(/-1/);
    expect(() => out.drop(0.5, 'malformed')).toThrow(/0.5/);
  });
});
