import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { callAfter } from './call-after.ts';
import { parseDuration } from './duration.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test.for(['500ms', '10s', '596h', '597h', '600h', '9999h'])(
  '%s is waited for, no less and no more',
  (text) => {
    const action = vi.fn();
    callAfter(parseDuration(text), action);
    vi.advanceTimersByTime(parseDuration(text) - 1);
    expect(action).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(action).toHaveBeenCalledOnce();
  },
);

test('what is cancelled is not done, also after the first of several waits', () => {
  const action = vi.fn();
  const cancel = callAfter(parseDuration('600h'), action);
  vi.advanceTimersByTime(parseDuration('597h'));
  cancel();
  vi.advanceTimersByTime(parseDuration('10h'));
  expect(action).not.toHaveBeenCalled();
});
