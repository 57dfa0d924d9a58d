// `pnpm bench`: measures, prints, and writes docs/benchmarks.md.
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { pipelineTable, runPipelineBenchmark } from './pipeline.ts';
import { runSerialiserBenchmark, serialiserTable } from './serialisers.ts';

const { values } = parseArgs({ options: { records: { type: 'string', default: '12000000' } } });
const pipeline = pipelineTable(runPipelineBenchmark(Number(values.records)));
console.log(pipeline);
const serialisers = serialiserTable(await runSerialiserBenchmark());
console.log(`\n${serialisers}`);

const page = `# Benchmarks

Written by \`pnpm bench\`, all in one run on ${availableParallelism()} cores with Node.js ${process.versions.node}. Ratios are of CPU time and compare
what ran interleaved; the rest depends on the machine. The baseline makes an object per record with the same
attributes and prints it with \`JSON.stringify\`.

## From file to output

The whole recorder, its start included. \`short\` input is 256-byte records alone; in \`mixed\` input every tenth
record is a long one of 4,280 bytes, as in a whole-system capture, so that two thirds of the bytes are long records.
Copying those out of the kernel costs the recorder and the baseline the same.

${pipeline}

## Serialisers

${serialisers}
`;
writeFileSync(fileURLToPath(new URL('../../docs/benchmarks.md', import.meta.url)), page);
console.log(
  '\nWhat capture costs is measured in guests, which takes three quarters of an hour: `pnpm bench:capture` (`--boots N`, `--load FILE`)' +
    ' writes docs/capture-cost.md.',
);
