import { expect, test } from 'vitest';
import { Overload } from './overload.ts';

test('more is shed under pressure, less once there is none, and never more than is allowed', () => {
  const overload = new Overload(2);
  const after = (pressed: boolean, batches: number): number => {
    for (let i = 0; i < batches; i++) overload.note(pressed);
    return overload.level;
  };
  expect(after(true, 3)).toBe(0);
  expect(after(false, 1)).toBe(0);
  expect(after(true, 4)).toBe(1);
  expect(after(true, 40)).toBe(2);
  expect(after(false, 31)).toBe(2);
  expect(after(false, 1)).toBe(1);
  expect(after(false, 100)).toBe(0);
});
