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

test('batches that come in bursts, of which only the first has to wait, are under pressure too', () => {
  const overload = new Overload(1);
  for (let burst = 0; burst < 12; burst++) for (let i = 0; i < 6; i++) overload.note(i === 0);
  expect(overload.level).toBe(1);
  const seldom = new Overload(1);
  for (let i = 0; i < 1000; i++) seldom.note(i % 20 === 0);
  expect(seldom.level).toBe(0);
});

test('whoever can leave out records earlier hears of every change, and of nothing else', () => {
  const levels: number[] = [];
  const overload = new Overload(2, (level) => levels.push(level));
  for (let i = 0; i < 40; i++) overload.note(true);
  for (let i = 0; i < 100; i++) overload.note(false);
  expect(levels).toEqual([1, 2, 1, 0]);
});
