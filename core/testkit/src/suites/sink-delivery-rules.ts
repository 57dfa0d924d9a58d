import assert from 'node:assert/strict';
import { lossCauses, type UnitBatch, type WriteReceipt } from '@camflow/api';
import type { SinkTrial } from './sink-trial.ts';
import type { Rule } from './suite.ts';

function unitsOf(batches: readonly UnitBatch[]): Uint8Array[] {
  return batches.flatMap(({ bytes, ends, count }) =>
    Array.from({ length: count }, (_, i) => Uint8Array.from(bytes.subarray(ends[i - 1] ?? 0, ends[i]!))),
  );
}

function lostIn(receipt: WriteReceipt | undefined): number {
  return Object.values(receipt?.lost ?? {}).reduce((sum, count) => sum + count, 0);
}

function firstOccurrences(order: readonly number[]): number[] {
  return [...new Set(order)];
}

const readsBack = (trial: SinkTrial): boolean => trial.can('readBack');

/** What must become of units that a sink takes. */
export const sinkDeliveryRules: readonly Rule<SinkTrial>[] = [
  {
    id: 'sink/complete',
    sentence: 'every unit of a settled write is delivered',
    applies: readsBack,
    check: (trial) =>
      trial.run(async (session) => {
        const batches = [0, 1, 2, 3, 4, 5, 6, 7].map((i) => trial.numbered(i * 40, i * 40 + 40));
        for (const batch of batches)
          assert.equal(lostIn(await session.write(batch)), 0, 'lost according to receipt');
        const units = unitsOf(batches);
        const { order } = await session.arrived(units);
        const seen = new Set(order);
        assert.deepEqual(
          units.map((_, i) => i).filter((i) => !seen.has(i)),
          [],
          'units that did not arrive',
        );
      }),
  },
  {
    id: 'sink/order',
    sentence: 'units arrive in the order in which they are given',
    applies: readsBack,
    check: (trial) =>
      trial.run(async (session) => {
        const batches = [trial.numbered(0, 9), trial.numbered(9, 10), trial.numbered(10, 30)];
        for (const batch of batches) await session.write(batch);
        const first = firstOccurrences((await session.arrived(unitsOf(batches))).order);
        assert.deepEqual(
          first,
          first.toSorted((a, b) => a - b),
        );
      }),
  },
  {
    id: 'sink/whole-units',
    sentence: 'units arrive whole, with nothing added between them',
    applies: readsBack,
    check: (trial) =>
      trial.run(async (session) => {
        const batch = trial.numbered(0, 20);
        await session.write(batch);
        assert.equal((await session.arrived(unitsOf([batch]))).foreign, 0, 'bytes that belong to no unit');
      }),
  },
  {
    id: 'sink/batch-released',
    sentence: 'the bytes of a batch are not used after its write has settled',
    applies: readsBack,
    check: (trial) =>
      trial.run(async (session) => {
        const batch = trial.numbered(0, 20);
        const units = unitsOf([batch]);
        await session.write(batch);
        const scribble = trial.batch(
          units.map((unit, i) => trial.unit(i + 1000, unit.length).slice(0, unit.length)),
        );
        scribble.bytes.copy(batch.bytes);
        batch.ends.fill(0);
        const { order } = await session.arrived(units);
        assert.equal(new Set(order).size, units.length, 'units that arrived as they were');
      }),
  },
  {
    id: 'sink/batch-untouched',
    sentence: 'the batch is not written to',
    check: (trial) =>
      trial.run(async (session) => {
        const batch = trial.numbered(0, 20);
        const before = structuredClone({
          bytes: Uint8Array.from(batch.bytes),
          ends: batch.ends,
          records: batch.records,
        });
        await session.write(batch);
        assert.ok(batch.bytes.equals(before.bytes), 'bytes differ after the write');
        assert.deepEqual(batch.ends, before.ends);
        assert.deepEqual(batch.records, before.records);
      }),
  },
  {
    id: 'sink/counted-entries',
    sentence: 'only the first `count` units are taken',
    applies: readsBack,
    check: (trial) =>
      trial.run(async (session) => {
        const batch = trial.numbered(0, 30);
        await session.write({ ...batch, count: 10 });
        const later = trial.numbered(30, 31);
        await session.write(later);
        const units = unitsOf([batch, later]);
        // The last unit tells when everything is there: the surplus ones would stand before it.
        const { order } = await session.arrived([...units.slice(0, 10), ...unitsOf([later])]);
        assert.equal(order.length, 11, 'units that arrived of the 11 that count');
        const surplus = (await session.arrived(units.slice(10, 30).concat(unitsOf([later])))).order;
        assert.deepEqual(surplus, [20], 'units beyond the count arrived');
      }),
  },
  {
    id: 'sink/receipt',
    sentence: 'a receipt counts lost records by causes that the contract knows',
    check: (trial) =>
      trial.run(async (session) => {
        const batch = trial.numbered(0, 5);
        const receipt = await session.write(batch);
        for (const [cause, count] of Object.entries(receipt?.lost ?? {})) {
          assert.ok((lossCauses as readonly string[]).includes(cause), `cause ${cause}`);
          assert.ok(
            Number.isSafeInteger(count) && count >= 0 && count <= batch.count,
            `${count} records lost`,
          );
        }
      }),
  },
  {
    id: 'sink/large-unit',
    sentence:
      'a unit of any size is delivered, or its records are reported as lost; its neighbours are delivered',
    applies: readsBack,
    check: (trial) =>
      trial.run(async (session) => {
        const units = [trial.unit(0), trial.unit(1, trial.largeUnitBytes), trial.unit(2)];
        const lost = lostIn(await session.write(trial.batch(units)));
        const { order } = await session.arrived(lost > 0 ? [units[0]!, units[2]!] : units);
        assert.equal(
          new Set(order).size + lost,
          3,
          `units arrived: ${order.join()}; reported as lost: ${lost}`,
        );
      }),
  },
];
