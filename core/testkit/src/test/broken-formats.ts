import {
  apiVersion,
  definePlugin,
  type FormatDefinition,
  type Formatter,
  type RecordBatch,
  type RecordView,
  recordTypeAt,
  type UnitWriter,
} from '@camflow/api';

const head = { kind: 'format', name: 'trial', summary: 'For tests.', apiVersion } as const;
const json = { mediaType: 'application/x-ndjson', framing: 'lines' } as const;

/** The fields of a line. */
function describe(view: RecordView, batch: RecordBatch): Record<string, unknown> {
  const { id, from, to, name, securityContext } = view;
  const date = new Date(batch.capturedAtMs).toISOString();
  return { id, type: view.type.name, from, to, name, securityContext, date };
}

/** A format that keeps every rule: one JSON object per line. */
function format(batch: RecordBatch, out: UnitWriter): void {
  for (const view of batch.records()) {
    out.writeText(`${JSON.stringify(describe(view, batch))}\n`);
    out.endUnit(1);
  }
}

/** The same, with the text of each line changed. */
function lines(
  change: (line: string, view: RecordView, batch: RecordBatch, index: number) => string,
): Formatter {
  return {
    format(batch, out) {
      let index = 0;
      for (const view of batch.records()) {
        out.writeText(change(`${JSON.stringify(describe(view, batch))}\n`, view, batch, index++));
        out.endUnit(1);
      }
    },
  };
}

function define(create: () => Formatter): FormatDefinition {
  return definePlugin({ ...head, ...json, create });
}

/** Documents of at most this many bytes, or a little more. */
function documents(limit: number): Formatter {
  return {
    format(batch, out) {
      let open: Record<string, unknown> = {};
      let records = 0;
      let size = 0;
      const close = (): void => {
        if (records === 0) return;
        out.writeText(`${JSON.stringify({ records: open })}\n`);
        out.endUnit(records);
        [open, records, size] = [{}, 0, 0];
      };
      for (const view of batch.records()) {
        const value = describe(view, batch);
        open[`${view.id} ${view.field('jiffies')}`] = value;
        records++;
        size += JSON.stringify(value).length * 2 + 120;
        if (size > limit) close();
      }
      close();
    },
  };
}

/** A good format of lines. */
export const goodLines: FormatDefinition = define(() => ({ format }));

/** A good format of documents. */
export const goodDocuments: FormatDefinition = definePlugin({
  ...head,
  mediaType: 'application/json',
  framing: 'documents',
  create: () => documents(40_000),
});

let made = 0;

/** One format per rule, broken in that respect alone. */
export const brokenFormats: Readonly<Record<string, FormatDefinition>> = {
  'format/definition': { ...goodLines },
  'format/any-bytes': define(() =>
    lines((line, view) => {
      if (view.field('taint') !== 0n) throw new Error('taint is not expected');
      return line;
    }),
  ),
  'format/accounted': define(() => ({
    format(batch, out) {
      let counted = 2;
      for (const view of batch.records()) {
        out.writeText(`${JSON.stringify(describe(view, batch))}\n`);
        out.endUnit(counted);
        counted = 1;
      }
    },
  })),
  'format/in-order': define(() => ({
    format(batch, out) {
      let leftOut = 0;
      for (const view of batch.records()) {
        if (view.type.name === 'sb') {
          leftOut++;
          continue;
        }
        out.writeText(`${JSON.stringify(describe(view, batch))}\n`);
        out.endUnit(1);
      }
      if (leftOut > 0) out.drop(leftOut, 'filtered');
    },
  })),
  'format/drop-causes': define(() => ({
    format(batch, out) {
      for (const view of batch.records()) {
        if (view.type.name === 'sb') {
          out.drop(1, 'mislaid' as 'filtered');
          continue;
        }
        out.writeText(`${JSON.stringify(describe(view, batch))}\n`);
        out.endUnit(1);
      }
    },
  })),
  'format/writer-protocol': define(() => ({
    format(batch, out) {
      format(batch, out);
      out.writeText('{"open":true}');
    },
  })),
  'format/no-nul': define(() => lines((line) => line.replace('\n', '\0\n'))),
  'format/utf-8': define(() => ({
    format(batch, out) {
      for (const view of batch.records()) {
        const line = Buffer.from(`${JSON.stringify({ ...describe(view, batch), note: '?' })}\n`);
        line[line.lastIndexOf('?')] = 0xff;
        out.write(line);
        out.endUnit(1);
      }
    },
  })),
  'format/newline': define(() => lines((line) => line.trimEnd())),
  'format/json': define(() => lines((line) => line.replace('{', '{"id":1,'))),
  'format/unit-size': definePlugin({
    ...head,
    mediaType: 'application/json',
    framing: 'documents',
    create: () => documents(Number.POSITIVE_INFINITY),
  }),
  'format/clock': define(() => lines((line) => line.replace('{', `{"now":${Date.now()},`))),
  'format/chance': define(() => lines((line) => line.replace('{', `{"dice":${Math.random()},`))),
  'format/same-everywhere': define(() => {
    const serial = made++;
    return lines((line, _, { stream }) => (stream.cpu === 1 ? line.replace('{', `{"by":${serial},`) : line));
  }),
  'format/memory-place': define(() => lines((line, _, { start }) => line.replace('{', `{"start":${start},`))),
  'format/no-state': define(() => {
    let sawLong = false;
    return lines((line, _, { stream }) => {
      sawLong ||= stream.kind === 'long';
      return sawLong && stream.kind === 'short' ? line.replace('{', '{"late":true,') : line;
    });
  }),
  'format/split': define(() => lines((line, _, __, index) => line.replace('{', `{"index":${index},`))),
  'format/counted-entries': define(() => ({
    format(batch, out) {
      for (const index of batch.types) {
        out.writeText(`{"type":"${recordTypeAt(index)?.name}"}\n`);
        out.endUnit(1);
      }
    },
  })),
  'format/input-untouched': define(() => ({
    format(batch, out) {
      format(batch, out);
      batch.bytes[batch.bytes.length - 1]! ^= 1;
    },
  })),
  'format/name-generation': define(() => {
    const kept = new Map<number, string>();
    return {
      format(batch, out) {
        for (let i = 0; i < batch.count; i++) {
          const handle = batch.names.find(batch.bytes, batch.offsets[i]! + 64);
          if (!kept.has(handle)) kept.set(handle, handle < 0 ? '' : String(batch.names.bytes(handle)));
          out.writeText(`${JSON.stringify({ name: kept.get(handle) })}\n`);
          out.endUnit(1);
        }
      },
    };
  }),
  'format/context-generation': define(() => {
    const kept = new Map<number, string | undefined>();
    return {
      format(batch, out) {
        for (const view of batch.records()) {
          const secid = view.type.category === 'node' ? (view.field('secid') as number) : 0;
          if (!kept.has(secid)) kept.set(secid, batch.securityContexts.text(secid));
          out.writeText(`${JSON.stringify({ context: kept.get(secid) })}\n`);
          out.endUnit(1);
        }
      },
    };
  }),
};
