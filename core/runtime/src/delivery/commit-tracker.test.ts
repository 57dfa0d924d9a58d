import { describe, expect, test } from 'vitest';
import { CommitTracker } from './commit-tracker.ts';

describe('a commit tracker', () => {
  test('commits a batch when all before it are settled, each batch at most once', () => {
    const commits: number[] = [];
    const tracker = new CommitTracker((id) => commits.push(id));
    const [held, early, late] = [tracker.begin(3, 0), tracker.begin(4, 0), tracker.begin(9, 0)];
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
    const batch = tracker.begin(1, 0);
    batch.open += 2;
    tracker.settle(batch);
    tracker.settle(batch);
    expect(commits).toEqual([]);
    tracker.settle(batch);
    expect(commits).toEqual([1]);
  });

  test('tells before which moment everything is settled: when what is open longest was captured', () => {
    const moments: number[] = [];
    const tracker = new CommitTracker((_, settledUntilMs) => moments.push(settledUntilMs));
    const [first, second, third] = [tracker.begin(1, 100), tracker.begin(2, 200), tracker.begin(3, 300)];
    tracker.settle(third);
    tracker.settle(first);
    tracker.settle(second);
    expect(moments).toEqual([200, 300]);
  });
});
