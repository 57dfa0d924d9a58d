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
});
