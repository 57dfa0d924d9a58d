import { createStory, type Story } from '@camflow/testkit';

/** The story in the capture that comes with the programs. */
export function createDemoStory(): Story {
  return createStory({ records: 10_000, seed: 7 });
}

/** When the story took place. */
export const demoDate = '2026-11-01T09:00:00Z';
