import {
  type Formatter,
  type FormatterContext,
  type RecordBatch,
  recordTypes,
  type UnitWriter,
} from '@camflow/api';
import { compileTable, FittingTable, TextTooLong } from '@camflow/format-compiler';
import { OpenDocument } from './document.ts';
import { IdentifierSet } from './identifier-set.ts';
import type { W3cOptions } from './options.ts';
import { type Section, sections } from './sections.ts';
import { w3cTable } from './w3c-table.ts';

/** No entry is shorter: an identifier, and the attributes that every record has. */
const smallestEntryBytes = 100;

/** Writes PROV-JSON documents. A document ends with its batch at the latest. */
export function createW3cFormatter(options: W3cOptions, context: FormatterContext): Formatter {
  const table = w3cTable(options.dialect);
  const sectionOf = Int32Array.from([undefined, ...recordTypes], (type) =>
    type ? sections.indexOf(table(type)?.section as Section) : -1,
  );
  const { memory } = context;
  const words = new Int32Array(memory.buffer, memory.byteOffset, memory.byteLength >> 2);
  const seen = new IdentifierSet(words, Math.ceil(options.unitBytes / smallestEntryBytes));
  const fitting = new FittingTable((abi, maxTextBytes) => {
    let sectionBytes = 0;
    const compiled = compileTable(table, {
      memory,
      abi,
      invalidUtf8: options.invalidUtf8,
      nodeNames: options.dialect === 'camflow' ? 'as_json' : 'exact',
      maxTextBytes,
      outBytes: (maxRecordBytes) => {
        sectionBytes = options.unitBytes + maxRecordBytes;
        return sectionBytes * sections.length;
      },
    });
    return { compiled, document: new OpenDocument(compiled.out, sectionBytes, options.dialect) };
  });

  return {
    format(batch: RecordBatch, out: UnitWriter): void {
      let { compiled, document } = fitting.for(batch);
      // A call that threw may have left records behind.
      document.clear();
      seen.clear();
      const { offsets, types, count } = batch;
      let leftOut = 0;
      for (let i = 0; i < count; i++) {
        const type = types[i]!;
        const write = compiled.writers[type];
        if (write === undefined) {
          leftOut++;
          continue;
        }
        const word = offsets[i]! >>> 2;
        const section = sectionOf[type]!;
        let end: number;
        try {
          end = write(document.ends[section]!, word, type);
        } catch (error) {
          if (!(error instanceof TextTooLong)) throw error;
          document.close(out);
          seen.clear();
          ({ compiled, document } = fitting.enlarged(batch, error));
          i--;
          continue;
        }
        if (document.sizeWith(section, end) <= options.unitBytes && seen.add(word))
          document.add(section, end);
        else {
          document.closeBefore(section, end, out);
          seen.clear();
          seen.add(word);
        }
        // Those before this record: it is known by now which document that is in.
        if (leftOut > 0) out.drop(leftOut, 'filtered');
        leftOut = 0;
      }
      document.close(out);
      if (leftOut > 0) out.drop(leftOut, 'filtered');
    },
  };
}
