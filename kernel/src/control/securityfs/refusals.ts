import { type PolicyRequest, type Refusal, refusalOf } from '../refusals.ts';
import { requirePossibleRelay } from './recording.ts';
import { entryOf } from './rules.ts';

/** What CamFlow 0.9 has no structure for, and buffers with which it panics. */
export function refusalsOfCamflow({ added, relay }: PolicyRequest): Refusal[] {
  return [
    ...added.flatMap(({ selector, bits }) => refusalOf(selector, () => void entryOf(selector, bits))),
    ...(relay === undefined ? [] : refusalOf('relay', () => requirePossibleRelay(relay))),
  ];
}
