import { describe, expect, test } from 'vitest';
import { CommitTracker } from './commit-tracker.ts';

describe('a commit tracker', () => {
  test('commits a batch when all before it are settled, each batch at most once', () => {
    const commits: number[] = [];
    const tracker = new CommitTracker((id) => commits.push(id));
    const [held, early, late] = [tracker.begin(3), tracker.begin(4), tracker.begin(9)];
    tracker.settle(early);
    expect(commits).toEqual([]);
    tracker.settle(held);
    expect(commits).toEqual([4]);
    tracker.settle(late);
    expect(commits).toEqual([4, 9]);
  });

  test('waits for every party of a batch', () => {
    const commits: number[] = [];
    const tracker = new CommitTracker((id) => commits.push(id));
    const batch = tracker.begin(1);
    batch.open += 2;
    tracker.settle(batch);
    tracker.settle(batch);
    expect(commits).toEqual([]);
    tracker.settle(batch);
    expect(commits).toEqual([1]);
  });

  test('tells before which moment everything is settled: when the read of what is open longest began', () => {
    const moments: number[] = [];
    const tracker = new CommitTracker((_, settledUntilMs) => moments.push(settledUntilMs));
    const [first, second, third] = [1, 2, 3].map((id) => {
      tracker.reading(id * 100);
      return tracker.begin(id);
    });
    tracker.reading(400);
    tracker.settle(third!);
    tracker.settle(first!);
    tracker.settle(second!);
    expect(moments).toEqual([200, 400]);
  });
});
