// `pnpm bench:durability`: what a spool costs a healthy output; prints, and writes docs/durability.md. Ends with 1
// where one costs more than it may.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import {
  complaintsOf,
  costsOf,
  costTable,
  mostRatio,
  type OutputCost,
  tableRow,
} from './durability/cost-table.ts';
import { measureDiskFloor } from './durability/disk-floor.ts';
import { type MeasuredOutput, measuredOutputs, stallMs } from './durability/outputs.ts';
import { type SpoolSetting, spoolSettings } from './durability/spool-settings.ts';
import { createPipelineInputs } from './pipeline/input.ts';
import { type MeasuredTask, measureProcess, type ProcessMeasurement } from './pipeline/measured-process.ts';

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '500000' },
    rounds: { type: 'string', default: '3' },
    page: {
      type: 'string',
      default: fileURLToPath(new URL('../../docs/durability.md', import.meta.url)),
    },
  },
});
const formats = ['spade_json', 'w3c'] as const;
const rounds = Number(values.rounds);
const { root, inputs } = createPipelineInputs(Number(values.records));
const { folder, loop, records } = inputs[0]!;
const work = path.join(root, 'work');

function measure(
  { sections }: MeasuredOutput,
  spool: SpoolSetting,
  format: MeasuredTask['format'],
  settings: readonly string[],
): ProcessMeasurement {
  const spools = path.join(root, 'spools');
  const measured = measureProcess({
    mode: 'recorder',
    folder,
    loop,
    format,
    settings: [
      'general.workers=2',
      'general.drain_timeout_ms=600000',
      `general.output=${sections}`,
      ...settings,
      ...sections.flatMap((section) => spool.options.map((option) => `${section}.${option}`)),
      // Without a folder for spools nothing at all is kept on the disk, not even accounts.
      ...(spool === spoolSettings[0] ? [] : [`general.spool_dir=${spools}`]),
    ],
  });
  rmSync(spools, { force: true, recursive: true });
  rmSync(path.join(work, 'log'), { force: true });
  if (measured.records !== records)
    throw new Error(`${sections}: ${measured.records} of ${records} records were delivered`);
  return measured;
}

async function compare(output: MeasuredOutput, format: MeasuredTask['format']): Promise<OutputCost> {
  mkdirSync(work);
  const { settings, stop } = await output.start(work);
  try {
    const runs = spoolSettings.map((): ProcessMeasurement[] => []);
    for (let round = 0; round < rounds; round++) {
      for (let turn = 0; turn < spoolSettings.length; turn++) {
        // Another one is first in each round, as what comes first may have it easier.
        const i = (turn + round) % spoolSettings.length;
        runs[i]!.push(measure(output, spoolSettings[i]!, format, settings));
      }
    }
    const recordBytes = runs[0]![0]!.unitBytes / records;
    return { format, title: output.title, recordBytes, costs: costsOf(output, runs) };
  } finally {
    await stop();
    rmSync(work, { recursive: true });
  }
}

const floor = measureDiskFloor(path.join(root, 'floor'));
const rows: OutputCost[] = [];
const before = performance.now();
try {
  for (const format of formats) {
    for (const output of measuredOutputs) {
      rows.push(await compare(output, format));
      console.log(tableRow(rows.at(-1)!));
    }
  }
} finally {
  rmSync(root, { recursive: true });
}
const minutes = ((performance.now() - before) / 60_000).toFixed(0);

const floors = formats
  .map((format) => {
    const { recordBytes } = rows.find((row) => row.format === format)!;
    const microseconds = ((recordBytes * floor) / 1000).toFixed(2);
    return `* ${format}: ${microseconds} µs for the ${Math.round(recordBytes)} bytes of a record`;
  })
  .join('\n');
const page = `# What durability costs

Written by \`pnpm bench:durability\` on ${availableParallelism()} cores with Node.js ${process.versions.node}, in ${minutes} minutes: CPU time per record of the whole
recorder, in microseconds, and how many times that without a spool. Medians of ${rounds} interleaved runs of ${(records / 1e6).toFixed(1)} million short
records each, two workers, from raw relay files as fast as they can be read; in brackets the least and the most: of the
time without a spool, of the ratio to the run without a spool in the same round for the others. Last, the most that was
in spools at a time.

Brokers and readers are processes of their own, whose time does not count: mosquitto on loopback, whose messages nobody
subscribes to (\`payload=json\`); readers that throw away what they get, and acknowledge each unit of a socket.

* \`off\` keeps nothing on the disk, no accounts either.
* \`overflow\`, the default, keeps accounts on the disk, and units only where the output falls behind by more than memory holds.
* \`always\` writes what the output has not acknowledged after \`spool_delay_ms\`, here the default of 100.
* \`always\` with \`spool_delay_ms=0\` writes every unit before the output gets it. \`spool_sync=interval\` in all of them.
* Where the last row has a spool, the log goes on while the reader of the socket stalls for ${stallMs / 1000} seconds: what the socket
  does not take goes to its spool, and is read from there. Without one, the log waits with it.

Outputs that are slower than the files can be read are behind all the time here, as a live source keeps them for moments
only: with \`always\` most of what they are given goes to the disk and back. The least that can cost is a checksum, a write to
the page cache, a read and a checksum again, which alone take ${floor.toFixed(2)} ns a byte on this machine:

${floors}

At most ${mostRatio}x is what a spool may cost; **(!!)** is above that. (!) is above it where nothing else can be: \`null\` does
nothing with a unit, and a checksum and a copy into the page cache for every byte are no small part of nothing; and the
socket of the last row is not well: without a spool the whole recorder waits for it, with one nobody does, for the price
of the disk.

${costTable(rows)}
`;
writeFileSync(values.page, page);
const complaints = rows.flatMap(complaintsOf);
for (const complaint of complaints) console.error(complaint);
if (complaints.length > 0) process.exitCode = 1;
