import { expect, test } from 'vitest';
import { openingWarnings } from './opening-warnings.ts';

const mib = 2 ** 20;
const disclosures = { taken: 7, accounted: 7, take() {}, account() {} };
const whole = { attachedTo: 'hooks', notSeen: [], ringBytes: 8 * mib, disclosures } as const;

test('nothing is said where capture is whole and as it was asked to be', () => {
  expect(openingWarnings(whole, { ringBytes: 8 * mib })).toEqual([]);
  expect(openingWarnings(whole, { ringBytes: undefined })).toEqual([]);
});

test('rings that were made with another size are told, with what to do', () => {
  expect(openingWarnings(whole, { ringBytes: 64 * mib })).toEqual([
    { message: 'the rings have 8 MiB since they were loaded; run `camflow unload` first for 64' },
  ]);
});

test('what is not seen is named', () => {
  const partial = { ...whole, notSeen: ['do_tee', 'pipe_read'], attachedTo: 'functions' } as const;
  expect(openingWarnings(partial, { ringBytes: undefined })).toEqual([
    {
      message: expect.stringMatching(/^bpf is not among the active security modules: capture works through/),
    },
    {
      message: 'programs find no place in this kernel: what they would see is missing',
      fields: { programs: 'do_tee, pipe_read' },
    },
  ]);
});

test('what was disclosed to a recorder that was killed is told', () => {
  const killed = { ...whole, disclosures: { ...disclosures, accounted: 4 } };
  expect(openingWarnings(killed, { ringBytes: undefined })).toEqual([
    { message: expect.stringMatching(/^a recorder ended before/), fields: { records_at_most: 3 } },
  ]);
});
