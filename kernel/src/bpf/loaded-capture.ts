import { existsSync } from 'node:fs';
import type { Channel } from './channel.ts';
import { ringName } from './load-programs.ts';
import { type AccountedLosses, LossLedger } from './loss-ledger.ts';
import { objectVersion } from './object-file.ts';
import { type CaptureCounts, sumCounts } from './pinned-capture.ts';
import { possibleCpus } from './possible-cpus.ts';
import { missedRuns } from './program-figures.ts';
import { holderOfLock } from './recorder-lock.ts';
import { ringBytes } from './ring.ts';
import { runProgram } from './run-program.ts';
import { readSettings } from './use-settings.ts';
import { using } from './using.ts';

/** Programs that are loaded, whoever did it. */
export interface LoadedCapture {
  /** Of the programs and their loader, in hexadecimal. */
  readonly version: string;
  /** Whether they are of this installation. */
  readonly own: boolean;
  /** Whether they record. */
  readonly enabled: boolean;
  /** The process that reads the rings; undefined where none does. */
  readonly recorder: number | undefined;
  readonly rings: number;
  /** Size of each ring. */
  readonly ringBytes: number;
  /** Since they were loaded. Undefined where they are of another version: their counters may mean something else. */
  readonly counts: CaptureCounts | undefined;
  /** How often a program was left out because it was running already on that CPU. Undefined as above. */
  readonly missed: number | undefined;
  /** Ends of connections of which is not known any more who sent last. Undefined as above. */
  readonly forgottenSenders: number | undefined;
  /** How many of the losses a recorder has accounted for. */
  readonly accountedLosses: AccountedLosses | undefined;
}

/**
 * Looks at what is loaded, changes nothing, and needs no lock.
 * @returns undefined where nothing is
 * @throws CamflowError where this process may not look
 */
export function lookAtCapture(channel: Channel): LoadedCapture | undefined {
  if (!existsSync(`${channel.folder}/cf_config`)) return undefined;
  const config = readSettings(channel);
  const own = config.version === objectVersion();
  const counts = own ? channel.use('cf_stats', sumCounts) : undefined;
  return {
    version: config.version.toString(16).padStart(16, '0'),
    own,
    enabled: config.enabled !== 0n,
    recorder: holderOfLock(channel),
    rings: possibleCpus(),
    ringBytes: channel.use(ringName(0), ringBytes),
    counts,
    missed: own ? missedRuns(channel) : undefined,
    forgottenSenders: counts && forgottenSenders(channel, counts),
    accountedLosses: own ? using(LossLedger.open(channel), (ledger) => ledger.read()) : undefined,
  };
}

/** Those that were kept, are not gone, and are not there. While others send it may be some less: counted first. */
function forgottenSenders(channel: Channel, { senders_kept, senders_gone }: CaptureCounts): number {
  return Math.max(0, senders_kept - senders_gone - runProgram(channel, 'cf_ask_senders'));
}
