import assert from 'node:assert/strict';
import { abis, isCamflowError } from '@camflow/api';
import { offered, soon } from './abilities.ts';
import {
  GuardedSlab,
  type ReadBatch,
  type SourceSubject,
  type SourceTrial,
  streamKey,
} from './source-trial.ts';
import type { Rule } from './suite.ts';

const sourceCodes = ['SOURCE_UNAVAILABLE', 'SOURCE_CORRUPT', 'PERMISSION_DENIED'];

/** Every stream must have given exactly the bytes expected of it. */
function checkComplete(batches: readonly ReadBatch[], subject: SourceSubject): void {
  const got = new Map<string, Buffer[]>();
  for (const batch of batches) got.set(streamKey(batch), [...(got.get(streamKey(batch)) ?? []), batch.copy]);
  for (const [stream, expected] of subject.expected) {
    const bytes = Buffer.concat(got.get(stream) ?? []);
    assert.equal(bytes.length, expected.length, `bytes of stream ${stream}`);
    const wrong = bytes.findIndex((byte, i) => byte !== expected[i]);
    assert.equal(wrong, -1, `stream ${stream} differs from byte ${wrong}`);
  }
}

/** What a source must do from its making to its end. */
export const sourceLifeRules: readonly Rule<SourceTrial>[] = [
  {
    id: 'source/capabilities',
    sentence: 'the capabilities are plain statements that the contract knows',
    check: (trial) =>
      trial.inPlace(async (subject) => {
        const { capabilities } = await trial.create(subject.options);
        assert.equal(typeof capabilities.finite, 'boolean');
        assert.equal(typeof capabilities.rereadable, 'boolean');
        assert.ok(Number.isSafeInteger(capabilities.heldBatches) && capabilities.heldBatches >= 0);
        for (const part of capabilities.pushDown)
          assert.ok(['types', 'ends', 'fields'].includes(part), `part ${part}`);
      }),
  },
  {
    id: 'source/origin',
    sentence: 'the origin names a known interface and whole numbers',
    check: (trial) =>
      trial.run(async ({ origin }) => {
        assert.ok(abis.has(origin.abi), `interface ${origin.abi}`);
        for (const number of [origin.machineId, origin.bootId, origin.epoch]) {
          assert.ok(Number.isSafeInteger(number) && number >= 0, `${number} in the origin`);
        }
      }),
  },
  {
    id: 'source/errors',
    sentence: 'what cannot be opened is refused with a CamflowError that says so',
    applies: (trial) => trial.can('fail'),
    check: (trial) =>
      trial.inPlace(async (subject) => {
        const source = await trial.create(offered(subject.unusable, 'fail'));
        const opened = source.open(new AbortController().signal);
        const error = await opened.then(
          () => undefined,
          (reason: unknown) => reason,
        );
        await source.close().catch(() => undefined);
        assert.ok(isCamflowError(error), `open gave ${String(error)}`);
        assert.ok(sourceCodes.includes(error.code), `code ${error.code}`);
      }),
  },
  {
    id: 'source/pulled',
    sentence: 'where nothing is read, nothing is taken',
    applies: (trial) => trial.can('observe'),
    check: (trial) =>
      trial.run(async ({ subject }) => {
        const taken = offered(subject.taken, 'observe').bind(subject);
        await new Promise((resolve) => setTimeout(resolve, 50));
        assert.equal(taken(), 0, 'bytes taken without a read');
      }),
  },
  {
    id: 'source/complete',
    sentence: 'every record comes once, in the order of its stream',
    check: (trial) =>
      trial.run(async (session) => checkComplete((await trial.readAll(session)).batches, session.subject)),
  },
  {
    id: 'source/inside-slab',
    sentence: 'nothing is written outside the slab',
    check: (trial) =>
      trial.run(async (session) => {
        await trial.readAll(session, (_, slab) =>
          assert.ok(slab.intact, 'memory beside the slab was written to'),
        );
      }),
  },
  {
    id: 'source/slab-released',
    sentence: 'a slab is not written to once its read has settled',
    check: (trial) =>
      trial.run(async (session) => {
        let last: { slab: GuardedSlab; batch: ReadBatch } | undefined;
        const unchanged = (): void => {
          if (last)
            assert.ok(
              last.batch.copy.equals(last.slab.bytes.subarray(0, last.batch.byteLength)),
              'the slab has changed',
            );
        };
        await trial.readAll(session, (batch, slab) => {
          unchanged();
          last = { slab, batch };
        });
        unchanged();
      }),
  },
  {
    id: 'source/commit',
    sentence: 'batches are committed in order, and identifiers may be skipped',
    check: (trial) =>
      trial.run(async (session) => {
        let count = 0;
        const reading = await trial.readAll(session, ({ id }) => {
          if (count++ % 3 === 2) session.source.commit(id);
        });
        const last = reading.batches.at(-1);
        if (last) session.source.commit(last.id);
      }),
  },
  {
    id: 'source/ends',
    sentence: 'a finite source ends with null; any other does when it is asked to finish',
    check: (trial) =>
      trial.run(async (session) => {
        assert.ok((await trial.readAll(session)).ended, 'read still gives batches');
      }),
  },
  {
    id: 'source/drain',
    sentence: 'once its signal is aborted a source finishes: what it can give without waiting, then null',
    check: (trial) =>
      trial.run(async ({ source, subject }) => {
        const stop = new AbortController();
        await soon(source.read(new GuardedSlab(0, trial.slabBytes), stop.signal), 'read');
        stop.abort();
        const expected = [...subject.expected.values()].reduce((sum, { length }) => sum + length, 0);
        const most = 100 + Math.ceil(expected / 256);
        for (let reads = 0; reads < most; reads++) {
          const batch = await soon(
            source.read(new GuardedSlab(1, trial.slabBytes), stop.signal),
            'a read that drains',
          );
          if (batch === null) return;
        }
        assert.fail(`no null after ${most} batches`);
      }),
  },
  {
    id: 'source/rereadable',
    sentence: 'a re-readable source gives again what was not committed',
    check: (trial) =>
      trial.inPlace(async (subject) => {
        const first = await trial.create(subject.options);
        if (!first.capabilities.rereadable) return;
        const { signal } = new AbortController();
        await first.open(signal);
        for (let i = 0; i < 2; i++) await first.read(new GuardedSlab(i, trial.slabBytes), signal);
        await first.close().catch(() => undefined);
        const second = await trial.create(subject.options);
        await second.open(signal);
        const { batches } = await trial.readAll({ source: second, subject });
        await second.close().catch(() => undefined);
        checkComplete(batches, subject);
      }),
  },
  {
    id: 'source/close-unopened',
    sentence: 'close is legal without open',
    check: (trial) =>
      trial.inPlace(async (subject) => {
        const source = await trial.create(subject.options);
        await soon(source.close(), 'close without open');
      }),
  },
  {
    id: 'source/close-twice',
    sentence: 'close is legal twice',
    check: (trial) =>
      trial.inPlace(async (subject) => {
        const source = await trial.create(subject.options);
        await source.open(new AbortController().signal);
        await soon(source.close(), 'close');
        await soon(source.close(), 'the second close');
      }),
  },
];
