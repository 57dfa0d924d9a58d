import { type RecordType, type RelationClass, recordTypes } from '@camflow/api';
import type { MalformedSample, RunReport } from '@camflow/runtime';
import { describeBalance, describeCauses, describeSourceLoss } from './balance.ts';
import { formatBytes, formatCount, formatCounted, formatDuration } from './numbers.ts';

const relationTitles: Readonly<Record<RelationClass, string>> = {
  used: 'used',
  generated: 'wasGeneratedBy',
  informed: 'wasInformedBy',
  influenced: 'wasInfluencedBy',
  associated: 'wasAssociatedWith',
  derived: 'wasDerivedFrom',
};

interface TypeCount {
  readonly type: RecordType;
  readonly count: number;
}

function countTypes(report: RunReport): TypeCount[] {
  return recordTypes
    .map((type) => ({ type, count: report.countsByType[type.index] ?? 0 }))
    .filter(({ count }) => count > 0)
    .sort((a, b) => b.count - a.count);
}

const sumOf = (counts: readonly TypeCount[]): number => counts.reduce((sum, { count }) => sum + count, 0);
const listOf = (counts: readonly TypeCount[]): string =>
  counts.map(({ type, count }) => `${type.name} ${formatCount(count)}`).join(', ');

function nodeLines(counts: readonly TypeCount[]): string[] {
  const nodes = counts.filter(({ type }) => type.category === 'node');
  return [`nodes      ${formatCount(sumOf(nodes))}`, ...(nodes.length > 0 ? [`  ${listOf(nodes)}`] : [])];
}

function relationLines(counts: readonly TypeCount[]): string[] {
  const relations = counts.filter(({ type }) => type.category === 'relation');
  const lines = [`relations  ${formatCount(sumOf(relations))}`];
  for (const [relationClass, title] of Object.entries(relationTitles)) {
    const ofClass = relations.filter(({ type }) => type.class === relationClass);
    if (ofClass.length > 0) lines.push(`  ${title} ${formatCount(sumOf(ofClass))}: ${listOf(ofClass)}`);
  }
  return lines;
}

function describeSample(sample: MalformedSample): string {
  return `${sample.kind} stream of CPU ${sample.cpu}, byte ${formatCount(sample.position)}: ${sample.reason}`;
}

function lossLines(report: RunReport): string[] {
  const malformed = Object.values(report.malformed).reduce((sum, count) => sum + (count ?? 0), 0);
  const lines = [`losses     ${describeSourceLoss(report)} at the source`];
  if (malformed > 0) {
    lines.push(
      `  ${formatCounted(malformed, 'place')} without a record (${describeCauses(report.malformed)})`,
    );
    lines.push(...report.malformedSamples.slice(0, 3).map((sample) => `    ${describeSample(sample)}`));
  }
  if (report.names.evicted > 0)
    lines.push(`  ${formatCounted(report.names.evicted, 'name')} forgotten for want of room`);
  if (report.workersReplaced > 0) lines.push(`  ${formatCounted(report.workersReplaced, 'worker')} replaced`);
  return lines;
}

function outputLines(report: RunReport, places: ReadonlyMap<string, string>): string[] {
  return report.outputs.flatMap((balance) => {
    const place = places.get(balance.output);
    const size = `${formatCounted(balance.units, 'unit')}, ${formatBytes(balance.bytes)}`;
    return [
      `output     ${balance.output}${place ? ` ${place}` : ''} (${size})`,
      `  ${describeBalance(balance)}`,
    ];
  });
}

/**
 * What a run did, for people: records, nodes by type, relations by class, losses, where the output is.
 * @param places - where each output writes, by the name of the output
 */
export function describeRun(report: RunReport, places: ReadonlyMap<string, string> = new Map()): string {
  const counts = countTypes(report);
  return [
    `records    ${formatCount(report.recordsRead)} (${formatBytes(report.bytesRead)}) in ${formatDuration(report.elapsedMs)}`,
    ...nodeLines(counts),
    ...relationLines(counts),
    ...lossLines(report),
    ...outputLines(report, places),
  ].join('\n');
}
