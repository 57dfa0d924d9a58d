import { describe, expect, test } from 'vitest';
import type { FormatInfo } from '../contracts/formatter.ts';
import type { UnitBatch } from '../contracts/sink.ts';
import { groupUnits } from './unit-groups.ts';

function batchOf(units: readonly string[]): UnitBatch {
  let end = 0;
  const ends = Uint32Array.from(units, (unit) => {
    end += unit.length;
    return end;
  });
  return {
    bytes: new TextEncoder().encode(units.join('')),
    count: units.length,
    ends,
    records: new Uint32Array(units.length).fill(1),
  };
}

function groupsOf(units: readonly string[], framing: FormatInfo['framing'], maxBytes: number): string[] {
  return [...groupUnits(batchOf(units), framing, maxBytes)].map((group) => {
    expect(new TextDecoder().decode(group.bytes)).toBe(
      units.slice(group.first, group.first + group.count).join(''),
    );
    return new TextDecoder().decode(group.bytes);
  });
}

describe('groupUnits', () => {
  test('joins lines up to the limit, and not one byte further', () => {
    expect(groupsOf(['ab\n', 'cd\n', 'e\n', 'fgh\n'], 'lines', 8)).toEqual(['ab\ncd\ne\n', 'fgh\n']);
    expect(groupsOf(['ab\n', 'cd\n', 'e\n', 'fgh\n'], 'lines', 7)).toEqual(['ab\ncd\n', 'e\nfgh\n']);
  });

  test('never splits a unit: one above the limit travels alone', () => {
    expect(groupsOf(['a\n', 'longer\n', 'b\n'], 'lines', 4)).toEqual(['a\n', 'longer\n', 'b\n']);
  });

  test('sends documents and frames one by one', () => {
    expect(groupsOf(['{}\n', '{}\n'], 'documents', 100)).toEqual(['{}\n', '{}\n']);
    expect(groupsOf(['x', 'y'], 'frames', 100)).toEqual(['x', 'y']);
  });

  test('an empty batch has no groups', () => {
    expect(groupsOf([], 'lines', 100)).toEqual([]);
  });
});
