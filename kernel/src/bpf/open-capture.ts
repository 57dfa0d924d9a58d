import { readdirSync } from 'node:fs';
import type { RecordType } from '@camflow/api';
import { kernelBootUuid } from '../control/identity-files.ts';
import type { BpfMap } from './bpf-map.ts';
import { Channel } from './channel.ts';
import { underControlLock } from './control-lock.ts';
import { type DisclosureLedger, PinnedDisclosureLedger } from './disclosure-ledger.ts';
import { ensureLoaded } from './ensure-loaded.ts';
import type { LeftOut } from './left-out.ts';
import { hooksNotSeen, ringName, unloadPrograms } from './load-programs.ts';
import type { AccountedLosses } from './loss-ledger.ts';
import { requireMachine } from './machine-checks.ts';
import { describeMachine } from './machine-identity.ts';
import { activeSecurityModules } from './object-file.ts';
import { type CaptureCounts, type CaptureRequest, PinnedCapture } from './pinned-capture.ts';
import { possibleCpus } from './possible-cpus.ts';
import { missedRuns } from './program-figures.ts';
import { RecorderLock } from './recorder-lock.ts';
import { Ring, ringBytes as sizeOfRing } from './ring.ts';
import { RingWatch } from './ring-watch.ts';
import { hideFromOthers, showToOthers } from './shadow.ts';

/** Capture by BPF programs, open for reading. */
export interface OpenCapture {
  /** What records say of where they come from. */
  readonly origin: { readonly machineId: number; readonly bootId: number };
  /**
   * Names the numbering of the records and the positions in the rings, which begin anew with every load of the programs;
   * undefined where the kernel does not tell one ring from another.
   */
  readonly numbering: string | undefined;
  /** One ring for each CPU that the machine can have. */
  readonly rings: readonly Ring[];
  /** Size of each ring: that with which they were made. */
  readonly ringBytes: number;
  /** Sleeps until the kernel says that a ring which was drained holds something. */
  readonly watch: Pick<RingWatch, 'sleep' | 'wake'>;
  /** What the programs did since they were loaded. */
  counts(): CaptureCounts;
  /** How often the kernel left a program out since they were loaded. It asks of each program: not for every round. */
  missedRuns(): number;
  /** What the programs are attached to: the security hooks, or where these are not there the functions around them. */
  readonly attachedTo: 'hooks' | 'functions';
  /** Hooks and functions that capture would see, and for which this kernel has no place: what happens there is missing. */
  readonly notSeen: readonly string[];
  /** How many of the losses were accounted for, by this recorder or one before it. */
  accountedLosses(): AccountedLosses;
  /** Notes, beyond the end of this process, that all losses up to these numbers are accounted for. */
  accountLosses(losses: AccountedLosses): void;
  /** What programs disclosed, and what became of it. */
  readonly disclosures: DisclosureLedger;
  /** Has the programs leave out what the policy of this recorder leaves out, until it closes or is killed. */
  leaveOut(leftOut: LeftOut): void;
  /** Has records of these types, and of no others, not written for now, and counted as shed; as long at most. */
  shed(types: readonly RecordType[]): void;
  /**
   * Starts capture, or takes over one that runs.
   * @returns whether anything is captured: not where camconfd or camflow said that nothing is, and the request leaves it
   * to them
   */
  enable(request: CaptureRequest): boolean;
  /** Makes every node and name be published again. */
  changeEpoch(): void;
  /**
   * Stops capture; what is in the rings can still be read. What goes on as camconfd or camflow said is not stopped.
   * @returns whether it was stopped
   */
  disable(): boolean;
  /** Leaves capture as camconfd and camflow said, by now; stopped where they said nothing. */
  restore(): void;
  /** Lets go of everything; the programs stay loaded. Legal twice. */
  close(): void;
}

/** What to open. */
export interface OpenRequest {
  /** Default: the main one. */
  readonly channel?: Channel;
  /** Size of each ring where they are made: a power of two; default 8 MiB. */
  readonly ringBytes?: number | undefined;
}

/**
 * Removes the programs of a channel and all that belongs to them from the kernel.
 * @returns whether there were any
 * @throws CamflowError `SOURCE_UNAVAILABLE` where a recorder is running
 */
export function unloadCapture(channel: Channel = Channel.main): boolean {
  const lock = RecorderLock.take(channel);
  try {
    return underControlLock(() => unloadPrograms(channel));
  } finally {
    lock.release();
  }
}

/**
 * Attaches to the programs that are pinned, or loads them; capture stays as it was, disabled after loading. Blocks the
 * thread for as long as loading takes, some seconds on slow machines.
 *
 * @throws CamflowError `SOURCE_UNAVAILABLE` or `PERMISSION_DENIED`: what is missing, and what to do
 */
export function openCapture({ channel = Channel.main, ringBytes }: OpenRequest = {}): OpenCapture {
  requireMachine();
  const lock = RecorderLock.take(channel);
  let capture: PinnedCapture | undefined;
  let watch: RingWatch | undefined;
  let disclosures: PinnedDisclosureLedger | undefined;
  let hidden: readonly Channel[] = [];
  const maps: BpfMap[] = [];
  const rings: Ring[] = [];
  const close = (): void => {
    watch?.close();
    for (const ring of rings.splice(0)) ring.close();
    for (const map of maps.splice(0)) map.close();
    disclosures?.close();
    disclosures = undefined;
    if (hidden.length > 0) underControlLock(() => showToOthers(hidden));
    hidden = [];
    capture?.showThisProcess();
    capture?.close();
    capture = undefined;
    lock.release();
  };
  try {
    // Before the seconds that loading takes.
    hidden = underControlLock(() => hideFromOthers(channel));
    ensureLoaded(channel, ringBytes);
    const pinned = new PinnedCapture(channel);
    capture = pinned;
    underControlLock(() => {
      pinned.hideThisProcess();
      // Also from those that were made meanwhile.
      hidden = [...hidden, ...hideFromOthers(channel)];
    });
    for (let cpu = 0; cpu < possibleCpus(); cpu++) {
      const map = channel.map(ringName(cpu));
      maps.push(map);
      rings.push(new Ring(map, cpu));
    }
    disclosures = PinnedDisclosureLedger.open(channel);
    watch = new RingWatch(maps.map(({ fd }) => fd));
    const { machineId, bootId } = describeMachine(pinned.config());
    return {
      origin: { machineId, bootId },
      numbering: numberingOf(maps[0]!),
      rings,
      ringBytes: sizeOfRing(maps[0]!),
      watch,
      disclosures,
      attachedTo: activeSecurityModules()?.includes('bpf') ? 'hooks' : 'functions',
      notSeen: hooksNotSeen(readdirSync(channel.programFolder)),
      missedRuns: () => missedRuns(channel),
      accountedLosses: () => pinned.accountedLosses(),
      accountLosses: (losses) => pinned.accountLosses(losses),
      leaveOut: (leftOut) => pinned.leaveOut(leftOut),
      shed: (types) => pinned.shed(types),
      counts: () => pinned.counts(),
      enable: (request) => pinned.enable(request),
      changeEpoch: () => pinned.changeEpoch(),
      disable: () => pinned.disable(),
      restore: () => pinned.restore(),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** The kernel gives no number of a map to another one before it is started anew. */
function numberingOf(ring: BpfMap): string | undefined {
  const id = ring.fact('map_id');
  return id === undefined ? undefined : `bpf-${kernelBootUuid().slice(0, 8)}-${id}`;
}
