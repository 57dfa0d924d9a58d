import type { Formatter, FormatterContext, RecordBatch, UnitWriter } from '@camflow/api';
import { compileTable, FittingTable, TextTooLong } from '@camflow/format-compiler';
import type { SpadeOptions } from './options.ts';
import { spadeTable } from './spade-table.ts';

/** Lines are handed on when this many bytes are full. */
const flushBytes = 256 << 10;
const maxLinesPerFlush = 4096;

/** Writes one line for each record. */
export function createSpadeFormatter(options: SpadeOptions, context: FormatterContext): Formatter {
  const ends = new Uint32Array(maxLinesPerFlush);
  const table = new FittingTable((abi, maxTextBytes) => ({
    compiled: compileTable(spadeTable(options.dialect), {
      memory: context.memory,
      abi,
      invalidUtf8: options.invalidUtf8,
      nodeNames: options.dialect === 'camflow' ? 'as_json' : 'exact',
      maxTextBytes,
      outBytes: (maxRecordBytes) => flushBytes + maxRecordBytes,
    }),
  }));

  return {
    format(batch: RecordBatch, out: UnitWriter): void {
      let { compiled } = table.for(batch);
      const { offsets, types, count } = batch;
      let end = 0;
      let lines = 0;
      const flush = (): void => {
        if (lines > 0) out.writeUnits(compiled.out.subarray(0, end), ends, lines);
        end = 0;
        lines = 0;
      };
      for (let i = 0; i < count; i++) {
        const type = types[i]!;
        const write = compiled.writers[type];
        if (write === undefined) {
          flush();
          out.drop(1, 'filtered');
          continue;
        }
        try {
          end = write(end, offsets[i]! >>> 2, type);
        } catch (error) {
          if (!(error instanceof TextTooLong)) throw error;
          flush();
          compiled = table.enlarged(batch, error).compiled;
          i--;
          continue;
        }
        ends[lines++] = end;
        if (end >= flushBytes || lines === maxLinesPerFlush) flush();
      }
      flush();
    },
  };
}
