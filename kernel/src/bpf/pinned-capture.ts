import { closeSync, readdirSync, readFileSync } from 'node:fs';
import { CamflowError, type RecordType } from '@camflow/api';
import { openProcess } from '../libc/pidfd.ts';
import { errnoName } from '../libc/system-call-error.ts';
import { attachPrograms, detachPrograms } from './attachments.ts';
import type { BpfMap } from './bpf-map.ts';
import type { Channel } from './channel.ts';
import { underControlLock } from './control-lock.ts';
import { leftOutMembers, shedMembers, writeLeftOutRelations } from './kept-back.ts';
import { modes, nodeFlags, readStructure, structures, type Values, writeStructure } from './layout.ts';
import { type LeftOut, nothingLeftOut } from './left-out.ts';
import { type AccountedLosses, LossLedger } from './loss-ledger.ts';
import { describeMachine } from './machine-identity.ts';
import { objectVersion } from './object-file.ts';
import { endOwnRecording } from './own-recording.ts';
import { isCapturePinned } from './pin-folder.ts';
import { possibleCpus } from './possible-cpus.ts';
import { saidPolicy } from './said-policy.ts';

const mostAttempts = 100;

/** What a recorder before this one had kept back is wanted again. */
const nothingKeptBack = { ...shedMembers([]), ...leftOutMembers(nothingLeftOut) };

/** What capture is asked to record. */
export interface CaptureRequest {
  /**
   * Everything, or only what is marked and what descends from it; undefined for what camconfd or camflow said, and
   * everything where they said nothing.
   */
  readonly all: boolean | undefined;
  /** Most bytes kept of one argument or environment string, up to 131,072. */
  readonly argumentLimit: number;
  /** Whether the values of extended attributes are recorded, or only their names and sizes. Default true. */
  readonly attributeValues?: boolean;
}

/** What the programs did since they were loaded, on all CPUs together. */
export type CaptureCounts = Readonly<Record<keyof Values<'cf_stats'>, number>>;

/** What `cf_stats` holds, on all CPUs together. */
export function sumCounts(stats: BpfMap): CaptureCounts {
  const { size } = structures.cf_stats;
  const cpus = possibleCpus();
  const bytes = stats.need(0, size * cpus);
  const sums: Record<string, number> = {};
  for (let cpu = 0; cpu < cpus; cpu++) {
    for (const [name, value] of Object.entries(readStructure('cf_stats', bytes, cpu * size))) {
      sums[name] = (sums[name] ?? 0) + Number(value);
    }
  }
  return sums as CaptureCounts;
}

/** The programs of a channel that are loaded, through their pinned maps. */
export class PinnedCapture {
  readonly #channel: Channel;
  readonly #config: BpfMap;
  readonly #stats: BpfMap;
  readonly #marks: BpfMap;
  #ledger: LossLedger | undefined;
  /** Whether this recorder was asked for something else than what camconfd and camflow said. */
  #own = false;
  /** What it changed and nobody said: it is put back. */
  #found: Pick<Values<'cf_config'>, 'modes' | 'argument_limit'> | undefined;

  /** @throws CamflowError where nothing is pinned, this process may not open it, or it is of another version */
  constructor(channel: Channel) {
    if (!isCapturePinned(channel)) {
      throw new CamflowError('SOURCE_UNAVAILABLE', `No capture is pinned in ${channel.folder}`, {
        hint: 'Start a recorder, which loads it.',
      });
    }
    this.#channel = channel;
    this.#config = channel.map('cf_config');
    this.#stats = channel.map('cf_stats');
    this.#marks = channel.map('cf_marks');
    if (this.config().version !== objectVersion()) {
      this.close();
      throw new CamflowError(
        'SOURCE_UNAVAILABLE',
        `The BPF programs in ${channel.folder} are of another version`,
        {
          hint: `Stop every recorder, then run \`camflow unload${channel.inCommands}\` and start again.`,
        },
      );
    }
    this.#ledger = LossLedger.open(channel);
  }

  /** The configuration now. */
  config(): Values<'cf_config'> {
    return readStructure('cf_config', this.#config.need(0, structures.cf_config.size));
  }

  /** Keeps what this process does out of the record: for one that takes over capture which is running. */
  hideThisProcess(): void {
    this.#update({ ...nothingKeptBack, recorder: process.pid });
  }

  /** Ends that: another process may get the number of this one. Nothing is kept back for it any more. */
  showThisProcess(): void {
    if (this.config().recorder === BigInt(process.pid)) this.#update({ ...nothingKeptBack, recorder: 0 });
  }

  /**
   * Has the programs leave out what the policy of this recorder leaves out, in place of what they did before. Where that
   * fails they leave out nothing.
   */
  leaveOut(leftOut: LeftOut): void {
    underControlLock(() => {
      this.#update(leftOutMembers(nothingLeftOut));
      writeLeftOutRelations(this.#channel, leftOut);
      this.#update(leftOutMembers(leftOut));
    });
  }

  /**
   * Has records of these types not written for now, and counted as shed; those of all others are again. Nodes are written
   * once an epoch: those that were shed in this one come with the next.
   */
  shed(types: readonly RecordType[]): void {
    this.#update(shedMembers(types));
  }

  /**
   * Starts capture, in a new epoch: every node and name is published again, and what exists already at once.
   * The thread group of this process is not recorded from then on. What camconfd or camflow said holds where the request
   * leaves it to them, also that nothing is to be captured.
   * @returns whether anything is captured
   */
  enable({ all, argumentLimit, attributeValues = true }: CaptureRequest): boolean {
    const starts = underControlLock(() => {
      // Whose recorder was killed.
      endOwnRecording(this.#channel);
      const before = this.config();
      const { machineId, bootId, node } = describeMachine(before);
      const said = saidPolicy(before);
      this.#own = all !== undefined;
      this.#found = before;
      const follows = !this.#own && said.isSaid;
      const starts = !follows || said.enabled;
      // The programs change it while they record: it stays where capture was left running.
      if (before.enabled === 0n) this.#channel.use('cf_machine', (map) => map.set(0, node));
      if (starts) attachPrograms(this.#channel);
      else detachPrograms(this.#channel);
      const everything = follows ? said.all : (all ?? true);
      this.#update({
        modes:
          (Number(before.modes) & ~(modes.all | modes.spreads | modes.hideValues)) |
          (everything ? modes.all : 0) |
          (follows ? modes.spreads : 0) |
          modes.sieve |
          (attributeValues ? 0 : modes.hideValues) |
          // What holds for the one where somebody says but the other.
          (this.#own || said.isSaid ? 0 : modes.policyAll | modes.policyEnabled),
        machine_id: machineId,
        boot_id: bootId,
        epoch: Number(before.epoch) + 1,
        recorder: process.pid,
        argument_limit: argumentLimit,
        enabled: starts ? 1 : 0,
      });
      return starts;
    });
    if (starts) this.publishState();
    return starts;
  }

  /**
   * Stops capture: the programs are detached. What is in the rings stays there. Where this recorder records what camconfd
   * or camflow said, also where they said it since it began, capture is not its to stop, and goes on.
   * @returns whether it was stopped
   */
  disable(): boolean {
    return underControlLock(() => {
      if (!this.#own && saidPolicy(this.config()).isSaid) return false;
      this.#update({ enabled: 0, recorder: 0 });
      detachPrograms(this.#channel);
      return true;
    });
  }

  /** Leaves capture as camconfd and camflow said, by now; stopped where they said nothing. */
  restore(): void {
    underControlLock(() => {
      if (!this.disable()) return;
      const now = this.config();
      const { isSaid, all, enabled } = saidPolicy(now);
      const { policyAll, policyEnabled, hideValues, spreads, sieve } = modes;
      if (!isSaid) {
        this.#update({ modes: Number(now.modes) & ~(policyAll | policyEnabled) });
        return;
      }
      if (enabled) attachPrograms(this.#channel);
      const found = this.#found ?? now;
      this.#update({
        modes:
          (Number(now.modes) & ~(modes.all | hideValues)) |
          (Number(found.modes) & hideValues) |
          (all ? modes.all : 0) |
          spreads |
          sieve,
        argument_limit: found.argument_limit,
        enabled: enabled ? 1 : 0,
      });
    });
  }

  /** Makes every node and name be published again: after losses, so that the stream is complete again. */
  changeEpoch(): void {
    this.#update({ epoch: Number(this.config().epoch) + 1 });
    this.publishState();
  }

  /** Has the iterators publish tasks and open files. An iterator runs when its pinned link is read. */
  publishState(): void {
    const { linkFolder } = this.#channel;
    const iterators = readdirSync(linkFolder).filter((name) => name.startsWith('cf_iter_'));
    // Files name the tasks that have them open: tasks come first.
    for (const name of iterators.sort().reverse()) readFileSync(`${linkFolder}/${name}`);
  }

  /** What the programs did since they were loaded. */
  counts(): CaptureCounts {
    return sumCounts(this.#stats);
  }

  /** How many of the losses were accounted for, by this recorder or one before it. */
  accountedLosses(): AccountedLosses {
    return this.#ledger!.read();
  }

  /** Notes that all losses up to these numbers are accounted for. */
  accountLosses(losses: AccountedLosses): void {
    this.#ledger!.write(losses);
  }

  /**
   * Sets or clears the marks that the children of this process are born with.
   * @param propagate - whether also whatever their data reaches is to be recorded
   */
  markChildren(mark: 'none' | 'tracked' | 'propagate'): void {
    const { tracked, propagate } = nodeFlags;
    const flags = mark === 'none' ? 0 : mark === 'tracked' ? tracked : tracked | propagate;
    const value = new Uint8Array(structures.cf_mark.size);
    writeStructure('cf_mark', value, { flags });
    const pidfd = openProcess(process.pid);
    try {
      this.#setMark(pidfd, value);
    } finally {
      closeSync(pidfd);
    }
  }

  close(): void {
    for (const map of [this.#config, this.#stats, this.#marks, this.#ledger]) map?.close();
  }

  /** The kernel refuses with EAGAIN while a program has the task's storage in hand. */
  #setMark(pidfd: number, value: Uint8Array): void {
    for (let attempt = 1; ; attempt++) {
      try {
        this.#marks.set(pidfd, value);
        return;
      } catch (error) {
        if (errnoName(error) !== 'EAGAIN' || attempt === mostAttempts) throw error;
      }
    }
  }

  #update(values: Partial<Record<keyof Values<'cf_config'>, number | bigint>>): void {
    underControlLock(() => {
      const config = this.#config.need(0, structures.cf_config.size);
      writeStructure('cf_config', config, values);
      this.#config.set(0, config);
    });
  }
}
