import assert from 'node:assert/strict';
import { abis, lossCauses } from '@camflow/api';
import { type ReadBatch, recordsIn, type SourceTrial, streamKey } from './source-trial.ts';
import type { Rule } from './suite.ts';

/** A rule about each batch of everything that a source gives. */
function aboutBatches(
  id: string,
  sentence: string,
  checkAll: (batches: readonly ReadBatch[], trial: SourceTrial, heldBatches: number) => void,
): Rule<SourceTrial> {
  return {
    id: `source/${id}`,
    sentence,
    check: (trial) =>
      trial.run(async (session) => {
        const { batches } = await trial.readAll(session);
        checkAll(batches, trial, session.source.capabilities.heldBatches);
      }),
  };
}

function byStream(batches: readonly ReadBatch[]): Map<string, ReadBatch[]> {
  const streams = new Map<string, ReadBatch[]>();
  for (const batch of batches) {
    if (batch.byteLength === 0) continue;
    streams.set(streamKey(batch), [...(streams.get(streamKey(batch)) ?? []), batch]);
  }
  return streams;
}

/** Compares a count that goes on from batch to batch; after a loss it may jump forward. */
function continuous(
  batches: readonly ReadBatch[],
  actual: (batch: ReadBatch) => number,
  advance: (batch: ReadBatch) => number,
  what: string,
): void {
  const lossy = batches.some(({ loss }) => Object.values(loss).some((count) => count > 0));
  for (const [stream, list] of byStream(batches)) {
    const first = actual(list[0]!);
    let expected = first;
    for (const batch of list) {
      const good = lossy ? actual(batch) >= expected : actual(batch) === expected;
      assert.ok(good, `${what} ${actual(batch)} in stream ${stream}, expected ${expected}`);
      expected += advance(batch);
    }
  }
}

/** What must hold for the batches of a source. */
export const sourceBatchRules: readonly Rule<SourceTrial>[] = [
  aboutBatches(
    'whole-records',
    'a batch holds whole records of a known interface, and fits its slab',
    (batches, trial) => {
      for (const batch of batches) {
        assert.ok(abis.has(batch.abi), `interface ${batch.abi}`);
        assert.equal(
          recordsIn(batch).byteLength,
          batch.byteLength,
          `${batch.byteLength} bytes of ${batch.stream.kind} records`,
        );
        assert.ok(batch.byteLength <= trial.slabBytes);
      }
    },
  ),
  aboutBatches('ids', 'the identifiers of batches increase', (batches) => {
    for (const [i, { id }] of batches.entries()) {
      assert.ok(Number.isSafeInteger(id) && (i === 0 || id > batches[i - 1]!.id), `id ${id} of batch ${i}`);
    }
  }),
  aboutBatches('sequences', 'records are numbered without gaps within their stream', (batches) => {
    const advance = (batch: ReadBatch): number => recordsIn(batch).records;
    continuous(batches, ({ firstSequence }) => firstSequence, advance, 'sequence');
  }),
  aboutBatches('positions', 'positions go on without gaps within their stream', (batches) => {
    continuous(
      batches,
      ({ position }) => position,
      ({ byteLength }) => byteLength,
      'position',
    );
  }),
  aboutBatches('dates', 'every batch says when its records were captured', (batches) => {
    for (const { capturedAtMs } of batches)
      assert.ok(Number.isFinite(capturedAtMs) && capturedAtMs >= 0, `${capturedAtMs}`);
  }),
  aboutBatches(
    'rounds',
    'a round holds back no more short batches than the capabilities say',
    (batches, _, heldBatches) => {
      let held = 0;
      for (const { stream, byteLength, endOfRound } of batches) {
        if (endOfRound) held = 0;
        else if (stream.kind !== 'long' && byteLength > 0) held++;
        assert.ok(
          held <= heldBatches,
          `${held} short batches are held back, the capabilities say ${heldBatches}`,
        );
      }
    },
  ),
  aboutBatches('loss', 'losses are counted by causes that the contract knows', (batches) => {
    for (const [cause, count] of batches.flatMap(({ loss }) => Object.entries(loss))) {
      assert.ok((lossCauses as readonly string[]).includes(cause), `cause ${cause}`);
      assert.ok(Number.isSafeInteger(count) && count >= 0, `${count} records lost`);
    }
    for (const cause of batches.flatMap(({ lossOfUnknownSize = [] }) => lossOfUnknownSize))
      assert.ok((lossCauses as readonly string[]).includes(cause), `cause ${cause}`);
  }),
  aboutBatches(
    'contexts',
    'a security context is brought once, and again only when its text changes',
    (batches) => {
      const texts = new Map<number, string>();
      for (const [secid, text] of batches.flatMap(({ securityContexts }) => securityContexts)) {
        assert.notEqual(texts.get(secid), text, `context ${secid} is brought again`);
        texts.set(secid, text);
      }
    },
  ),
];
