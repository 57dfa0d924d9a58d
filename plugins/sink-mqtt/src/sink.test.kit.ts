// Shared by the tests of this package: sinks, batches, and the retry that is the part of the run.
import type { FormatInfo, RawOptions, Sink, UnitBatch } from '@camflow/api';
import { expect } from 'vitest';
import sinkMqtt from './index.ts';
import { mqttOptions } from './options.ts';

/** The signal of a write that is not stopped. */
export const never: AbortSignal = new AbortController().signal;
/** Above 2^31, where a sign would show. */
export const machineId: number = 3_000_000_017;
const start = { origin: { abi: 'camflow-0.9', machineId, bootId: 1, epoch: 1 } };

/** A sink with these options. */
export function make(raw: RawOptions, framing: FormatInfo['framing'] = 'lines', lines: string[] = []): Sink {
  const result = mqttOptions.schema['~standard'].validate({ reconnect_ms: '20', ...raw });
  if (result instanceof Promise || result.issues) throw new Error('bad options in a test');
  const note = (message: string): void => {
    lines.push(message);
  };
  return sinkMqtt.create(result.value, {
    log: { debug: note, info: note, warn: note, error: note },
    section: 'mqtt',
    format: { name: framing, mediaType: 'text/plain', framing },
  });
}

/** The same, checked and opened. */
export async function opened(
  raw: RawOptions,
  framing?: FormatInfo['framing'],
  lines?: string[],
): Promise<Sink> {
  const sink = make(raw, framing, lines);
  await sink.check?.();
  await sink.open(start);
  return sink;
}

/** Units of one record each. */
export function batchOf(units: readonly string[]): UnitBatch {
  let end = 0;
  const bytes = Buffer.from(units.join(''));
  const ends = Uint32Array.from(units, (unit) => {
    end += Buffer.byteLength(unit);
    return end;
  });
  return { bytes, count: units.length, ends, records: new Uint32Array(units.length).fill(1) };
}

/** The unit of a number, of varying length. */
export const unit: (index: number) => string = (index: number): string =>
  `{"id":${String(index).padStart(8, '0')},"name":"é${'.'.repeat(index % 300)}"}\n`;
/** The units of `count` numbers. */
export const units: (from: number, count: number) => string[] = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, index) => unit(from + index));

/** Gives a batch again until it is taken, as the run does. */
export async function writeUntilTaken(
  sink: Sink,
  batch: UnitBatch,
  failed: () => void | Promise<void>,
): Promise<void> {
  for (;;) {
    try {
      await sink.write(batch, never);
      return;
    } catch (error) {
      expect(error).toMatchObject({ code: 'SINK_UNAVAILABLE', retryable: true });
      await failed();
    }
  }
}
