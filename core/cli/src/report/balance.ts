import type { OutputBalance, RunReport } from '@camflow/runtime';
import { formatCount } from './numbers.ts';

/** Records that an output lost, for all causes together. */
export function droppedTotal(balance: OutputBalance): number {
  return Object.values(balance.dropped).reduce((sum, count) => sum + (count ?? 0), 0);
}

/** Whether every output took what it was given; a full disk, say, may make an output refuse for good. */
export function isComplete(report: RunReport): boolean {
  return report.outputs.every(({ dropped }) => (dropped.sink_rejected ?? 0) === 0);
}

/** `ring_full 3, malformed 1`, or `none`. */
export function describeCauses(causes: Readonly<Partial<Record<string, number>>>): string {
  const parts = Object.entries(causes).filter(([, count]) => count !== undefined && count > 0);
  return parts.map(([cause, count]) => `${cause} ${formatCount(count!)}`).join(', ') || 'none';
}

/** What the source lost: `ring_full 3, missed unknown`, or `none`. */
export function describeSourceLoss({
  sourceLoss,
  sourceLossOfUnknownSize,
}: Pick<RunReport, 'sourceLoss' | 'sourceLossOfUnknownSize'>): string {
  const unknown = sourceLossOfUnknownSize.map((cause) => `${cause} unknown`);
  const counted = describeCauses(sourceLoss);
  return unknown.length === 0 ? counted : [...(counted === 'none' ? [] : [counted]), ...unknown].join(', ');
}

/** The balance of one output as one line: every record that was produced is in it. */
export function describeBalance(balance: OutputBalance): string {
  const dropped = droppedTotal(balance);
  const causes = dropped > 0 ? ` (${describeCauses(balance.dropped)})` : '';
  const terms = [
    `${formatCount(balance.delivered)} delivered`,
    `${formatCount(balance.filtered)} filtered`,
    `${formatCount(dropped)} dropped${causes}`,
  ];
  if (balance.spooled > 0) terms.push(`${formatCount(balance.spooled)} left in the spool`);
  if (balance.pending > 0) terms.push(`${formatCount(balance.pending)} pending`);
  const unknown = describeCauses(balance.unknownGaps);
  if (unknown !== 'none') terms.push(`gaps of unknown size (${unknown})`);
  const resumed = balance.resumed > 0 ? `${formatCount(balance.resumed)} from the spool + ` : '';
  return `${resumed}${formatCount(balance.produced)} produced = ${terms.join(' + ')}`;
}
