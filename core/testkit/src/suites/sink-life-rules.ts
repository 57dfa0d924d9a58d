import assert from 'node:assert/strict';
import { isCamflowError, type Sink } from '@camflow/api';
import { testOrigin } from '../fakes/record-batch.ts';
import { offered, soon } from './abilities.ts';
import type { SinkSession, SinkTrial } from './sink-trial.ts';
import type { Rule } from './suite.ts';

const sinkCodes = ['SINK_MISCONFIGURED', 'SINK_UNAVAILABLE', 'PERMISSION_DENIED'];

function footprint(session: Pick<SinkSession, 'subject'>): Promise<string> {
  return offered(session.subject.footprint, 'footprint').call(session.subject);
}

async function checkAndOpen(sink: Sink): Promise<void> {
  await sink.check?.();
  await sink.open({ origin: testOrigin });
}

/** Clears up where another rule judges how a sink closes. */
async function closeUnjudged(sink: Sink): Promise<void> {
  await sink.close().catch(() => undefined);
}

/** A write that was begun while the other side takes nothing, and then stopped; undefined where it settled at once. */
async function stoppedWrite(trial: SinkTrial, session: SinkSession, from: number): Promise<unknown> {
  const stop = new AbortController();
  await offered(session.subject.stall, 'stall').call(session.subject);
  // More than sockets and pipes hold by themselves.
  const units = Array.from({ length: 64 }, (_, i) => trial.unit(from + i, 60_000));
  const outcome = session.sink.write(trial.batch(units), stop.signal).then(
    () => undefined,
    (error: unknown) => error ?? 'nothing',
  );
  await new Promise((resolve) => setTimeout(resolve, 100));
  stop.abort();
  return soon(outcome, 'a write that was aborted');
}

/** What a sink must do from its making to its end. */
export const sinkLifeRules: readonly Rule<SinkTrial>[] = [
  {
    id: 'sink/create-opens-nothing',
    sentence: 'making a sink opens nothing',
    applies: (trial) => trial.can('footprint'),
    check: (trial) =>
      trial.inPlace(async (subject) => {
        const before = await footprint({ subject });
        const sink = await trial.create(subject.options);
        const after = await footprint({ subject });
        await closeUnjudged(sink);
        assert.equal(after, before);
      }),
  },
  {
    id: 'sink/check-leaves-nothing',
    sentence: 'a check leaves nothing behind',
    applies: (trial) => trial.can('footprint'),
    check: (trial) =>
      trial.inPlace(async (subject) => {
        const sink = await trial.create(subject.options);
        const before = await footprint({ subject });
        await sink.check?.();
        const after = await footprint({ subject });
        await closeUnjudged(sink);
        assert.equal(after, before);
      }),
  },
  {
    id: 'sink/errors',
    sentence: 'what cannot work is refused by check or open, with a CamflowError that says so',
    applies: (trial) => trial.can('fail'),
    check: (trial) =>
      trial.inPlace(async (subject) => {
        const sink = await trial.create(offered(subject.unusable, 'fail'));
        const error = await checkAndOpen(sink).catch((reason: unknown) => reason);
        await closeUnjudged(sink);
        assert.ok(isCamflowError(error), `check and open gave ${String(error)}`);
        assert.ok(sinkCodes.includes(error.code), `code ${error.code}`);
      }),
  },
  {
    id: 'sink/close-unopened',
    sentence: 'close is legal without open',
    check: (trial) =>
      trial.inPlace(async (subject) => {
        const sink = await trial.create(subject.options);
        await soon(sink.close(), 'close without open');
      }),
  },
  {
    id: 'sink/close-twice',
    sentence: 'close is legal twice',
    check: (trial) =>
      trial.inPlace(async (subject) => {
        const sink = await trial.create(subject.options);
        await sink.open({ origin: testOrigin });
        await soon(sink.close(), 'close');
        await soon(sink.close(), 'the second close');
      }),
  },
  {
    id: 'sink/flush',
    sentence: 'flush is legal when nothing was written, and twice',
    check: (trial) =>
      trial.run(async ({ sink }) => {
        for (let i = 0; i < 2; i++) await soon(sink.flush?.() ?? Promise.resolve(), 'flush');
      }),
  },
  {
    id: 'sink/reopen',
    sentence: 'no unit is split or lost where files are opened anew',
    applies: (trial) => trial.can('readBack'),
    check: (trial) =>
      trial.run(async (session) => {
        const units = Array.from({ length: 30 }, (_, i) => trial.unit(i));
        for (let from = 0; from < 30; from += 10) {
          const written = session.write(trial.batch(units.slice(from, from + 10)));
          if (from === 10) await session.sink.reopen?.();
          await written;
          await session.sink.reopen?.();
        }
        const { order } = await session.arrived(units);
        assert.equal(new Set(order).size, 30, `units that arrived: ${order.join()}`);
      }),
  },
  {
    id: 'sink/aborted',
    sentence: 'a write with an aborted signal settles soon: done, or rejected with a CamflowError',
    check: (trial) =>
      trial.run(async ({ sink }) => {
        const written = sink.write(trial.numbered(0, 3), AbortSignal.abort());
        const error = await soon(
          written.then(
            () => undefined,
            (reason: unknown) => reason,
          ),
          'an aborted write',
        );
        assert.ok(error === undefined || isCamflowError(error), `rejected with ${String(error)}`);
      }),
  },
  {
    id: 'sink/stop',
    sentence: 'a write that waits rejects soon once its signal is aborted, with a retryable CamflowError',
    applies: (trial) => trial.can('stall'),
    check: (trial) =>
      trial.run(async (session) => {
        const error = await stoppedWrite(trial, session, 0);
        await session.subject.resume?.();
        assert.notEqual(error, undefined, 'the write settled although the other side takes nothing');
        assert.ok(isCamflowError(error), `rejected with ${String(error)}`);
        assert.equal(error.retryable, true);
      }),
  },
  {
    id: 'sink/takes-again',
    sentence: 'a batch that failed is taken when it is given again, from its first unit',
    applies: (trial) => trial.can('stall') && trial.can('readBack'),
    check: (trial) =>
      trial.run(async (session) => {
        await session.write(trial.numbered(0, 5));
        await stoppedWrite(trial, session, 5);
        await offered(session.subject.resume, 'stall').call(session.subject);
        const units = Array.from({ length: 69 }, (_, i) => trial.unit(i, i < 5 ? 0 : 60_000));
        await soon(session.write(trial.batch(units.slice(5))), 'the write after the other side takes again');
        const { order } = await session.arrived(units);
        assert.equal(new Set(order).size, 69, `units that arrived: ${order.join()}`);
      }),
  },
];
