import type { FormatDefinition, LossCause, RawOptions, StreamId } from '@camflow/api';
import { acceptedOptions } from './accepted-options.ts';
import { createMemory, createRecordBatch, type RecordBatchInput } from './record-batch.ts';
import { UnitCollector } from './unit-collector.ts';

/** What a format made of records. */
export interface FormattedRecords {
  /** The units, each with the records it stands for. */
  readonly units: readonly { readonly bytes: Uint8Array; readonly records: number }[];
  /** All units one after another, as text. */
  readonly text: string;
  /** Records left out or lost, by cause. */
  readonly dropped: ReadonlyMap<LossCause | 'filtered', number>;
  /** Records of no known type; they never reach a format that does not ask for them. */
  readonly malformed: number;
}

/**
 * Runs a format over raw records without a recorder.
 *
 * ```ts
 * const { text } = await formatRecords(myFormat, { dialect: 'camflow' }, nodeRecord('task', { pid: 10 }), 'short');
 * ```
 * @param options - as a configuration file holds them
 * @param surroundings - names, security contexts, date and the like, where they matter
 * @throws CamflowError `PLUGIN_BAD_OPTIONS`; whatever the format throws; Error where it writes units wrongly
 */
export async function formatRecords<Options>(
  definition: FormatDefinition<Options>,
  options: RawOptions,
  bytes: Uint8Array,
  kind: StreamId['kind'],
  surroundings: Omit<RecordBatchInput, 'bytes' | 'kind' | 'memory' | 'malformed'> = {},
): Promise<FormattedRecords> {
  const memory = createMemory((surroundings.start ?? 0) + bytes.length);
  const accepted = await acceptedOptions(definition, options);
  const formatter = definition.create(accepted, { section: definition.name, memory });
  const malformed = definition.malformed ?? 'drop';
  const batch = createRecordBatch({ ...surroundings, bytes, kind, memory, malformed });
  const out = new UnitCollector();
  formatter.format(batch, out);
  if (out.unitOpen) out.breaches.push('a unit was left open');
  if (out.breaches.length > 0) throw new Error(`format ${definition.name}: ${out.breaches.join('; ')}`);
  const units = out.units().map((unit, i) => ({ bytes: Uint8Array.from(unit), records: out.records[i]! }));
  return { units, text: out.bytes.toString(), dropped: out.dropped, malformed: batch.malformed };
}
