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
const spools = [undefined, 'overflow', 'always'] as const;

const { values } = parseArgs({ options: { records: { type: 'string', default: '4000000' } } });
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
  for (const format of ['spade_json', 'w3c'] as const) {
    for (const { title, ...output } of outputs) {
      const runs = spools.map((): ProcessMeasurement[] => []);
      for (let round = 0; round < rounds; round++) {
        for (const [i, spool] of spools.entries())
          runs[i]!.push(measure({ ...output, format, ...(spool && { spool }) }));
      }
      const medians = runs.map((of) => of.map(perRecord).sort((a, b) => a - b)[rounds >> 1]!);
      const [off, overflow, always] = medians as [number, number, number];
      const ratio = (cost: number): string => `${cost.toFixed(2)} (${(cost / off).toFixed(2)}x)`;
      rows.push(`| ${format} | ${title} | ${off.toFixed(2)} | ${ratio(overflow)} | ${ratio(always)} |`);
      console.log(rows.at(-1));
    }
  }
} finally {
  rmSync(root, { recursive: true });
}

const page = `# What durability costs

Written by \`pnpm bench:durability\` on ${availableParallelism()} cores with Node.js ${process.versions.node}: CPU time per record of the whole recorder, in
microseconds, medians of ${rounds} interleaved runs of ${(records / 1e6).toFixed(1)} million short records each, two workers, from raw relay files to an
output that keeps up. \`overflow\`, the default, keeps accounts on the disk and no units; \`always\` writes every unit to the
spool before the output gets it (\`spool_sync=interval\`). In brackets: how many times the cost without a spool.

| Format | Output | spool=off | spool=overflow | spool=always |
| --- | --- | --- | --- | --- |
${rows.join('\n')}
`;
writeFileSync(fileURLToPath(new URL('../../docs/durability.md', import.meta.url)), page);
