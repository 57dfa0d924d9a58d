// `pnpm bench:durability`: what a spool costs a healthy output; prints, and writes docs/durability.md.
import { rmSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { createPipelineInputs } from './pipeline/input.ts';
import { type MeasuredTask, measureProcess, type ProcessMeasurement } from './pipeline/measured-process.ts';

const rounds = 3;
const outputs = [
  { mode: 'null', title: 'null' },
  { mode: 'log', sync: 'none', title: 'log, sync=none' },
  { mode: 'log', sync: 'batch', title: 'log, sync=batch' },
] as const;
const spools = [
  {},
  { spool: 'overflow' },
  { spool: 'always' },
  { spool: 'always', spoolDelayMs: 0 },
] as const satisfies readonly Pick<MeasuredTask, 'spool' | 'spoolDelayMs'>[];

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '1000000' },
    formats: { type: 'string', default: 'spade_json,w3c' },
  },
});
const { root, inputs } = createPipelineInputs(Number(values.records));
const { folder, loop, records } = inputs[0]!;
const perRecord = ({ cpuSeconds }: ProcessMeasurement): number => (cpuSeconds * 1e6) / records;

function measure(task: Omit<MeasuredTask, 'folder' | 'loop' | 'workers' | 'output'>): ProcessMeasurement {
  const output = path.join(root, 'output');
  const measured = measureProcess({ ...task, folder, loop, workers: 2, output });
  rmSync(output, { force: true });
  rmSync(`${output}.spool`, { force: true, recursive: true });
  if (measured.records !== records)
    throw new Error(`${measured.records} of ${records} records were delivered`);
  return measured;
}

const rows: string[] = [];
try {
  for (const format of values.formats.split(',') as MeasuredTask['format'][]) {
    for (const { title, ...output } of outputs) {
      const runs = spools.map((): ProcessMeasurement[] => []);
      for (let round = 0; round < rounds; round++) {
        for (const [i, spool] of spools.entries()) runs[i]!.push(measure({ ...output, format, ...spool }));
      }
      const medians = runs.map((of) => of.map(perRecord).sort((a, b) => a - b)[rounds >> 1]!);
      const [off, ...others] = medians as [number, ...number[]];
      const ratio = (cost: number): string => `${cost.toFixed(2)} (${(cost / off).toFixed(2)}x)`;
      rows.push(`| ${format} | ${title} | ${[off.toFixed(2), ...others.map(ratio)].join(' | ')} |`);
      console.log(rows.at(-1));
    }
  }
} finally {
  rmSync(root, { recursive: true });
}

const page = `# What durability costs

Written by \`pnpm bench:durability\` on ${availableParallelism()} cores with Node.js ${process.versions.node}: CPU time per record of the whole recorder, in
microseconds, medians of ${rounds} interleaved runs of ${(records / 1e6).toFixed(1)} million short records each, two workers, from raw relay files, as
fast as they can be read, to an output that is as fast. In brackets: how many times the cost without a spool.

* \`overflow\`, the default, keeps accounts on the disk, and units only where the output falls behind by more than memory holds.
* \`always\` writes what the output has not acknowledged after \`spool_delay_ms\`, here the default of 100.
* \`always\` with \`spool_delay_ms=0\` writes every unit before the output gets it: a checksum and a copy into the page
  cache for every byte, which no output that does nothing with them can make up for. \`spool_sync=interval\` in all of them.

| Format | Output | off | overflow | always | always, delay 0 |
| --- | --- | --- | --- | --- | --- |
${rows.join('\n')}
`;
writeFileSync(fileURLToPath(new URL('../../docs/durability.md', import.meta.url)), page);
