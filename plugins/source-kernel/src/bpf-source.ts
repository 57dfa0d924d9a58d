import { setTimeout as sleep } from 'node:timers/promises';
import {
  abiBpf1,
  CamflowError,
  type CaptureSource,
  describeError,
  type Origin,
  type PluginContext,
  type RecordFilter,
  type RecordType,
  type RelayBatch,
  type Slab,
  type SourceCapabilities,
} from '@camflow/api';
import {
  leftOutBy,
  type OpenCapture,
  openCapture,
  possibleCpus,
  type Ring,
  type RingRead,
  type ServedControl,
  serveControl,
} from '@camflow/kernel';
import type { KernelOptions } from './kernel-options.ts';
import { openingWarnings } from './opening-warnings.ts';
import { RingLosses } from './ring-losses.ts';

const longestSleepMs = 1000;
/** How often the programs are asked, one by one, whether the kernel left them out. */
const missedRunsMs = 10_000;

/** A batch that was handed out, and what its commit lets go of. */
interface Outstanding {
  readonly id: number;
  readonly settle: () => void;
}

/** What a source asks of the kernel; another one in tests. */
export interface BpfKernel {
  readonly openCapture: typeof openCapture;
  readonly serveControl: typeof serveControl;
}

/**
 * Captures through BPF programs. A round reads every ring up to where it ended when the round began; the kernel gets
 * the room of a batch back when the batch is committed, so that a recorder that is killed loses nothing.
 */
export class BpfSource implements CaptureSource {
  readonly capabilities: SourceCapabilities;
  readonly #options: KernelOptions;
  readonly #context: PluginContext;
  readonly #kernel: BpfKernel;
  readonly #outstanding: Outstanding[] = [];
  readonly #positions = new Map<Ring, number>();
  #capture: OpenCapture | undefined;
  #served: ServedControl | undefined;
  #disclosedBytes = 0;
  /** Records at most that were disclosed to a recorder before this one, lost with it, and not told of yet. */
  #lostDisclosures = 0;
  #losses: RingLosses | undefined;
  #askedOfMissedMs = -missedRunsMs;
  #pushedDown: RecordFilter | null = null;
  /** Types that are not written for now; and whether what was shed has to be looked for. */
  #shedTypes: readonly RecordType[] = [];
  #sheds = false;
  #enabled = false;
  /** Whether capture goes on while this recorder drains: then it drains what there was at that moment. */
  #goesOn = false;
  #batches = 0;
  /** What is left to read in this round: rings, and up to where. */
  #round: { readonly ring: Ring; readonly until: bigint }[] | undefined;
  #roundHadRecords = false;
  #roundStartedMs = 0;
  #draining = false;
  #ended = false;

  constructor(
    options: KernelOptions,
    context: PluginContext,
    kernel: BpfKernel = { openCapture, serveControl },
  ) {
    this.#options = options;
    this.#context = context;
    this.#kernel = kernel;
    this.capabilities = {
      finite: false,
      rereadable: true,
      // What programs disclose is a stream of its own.
      heldBatches: 4 * (possibleCpus() + 1),
      pushDown: ['types', 'ends'],
    };
  }

  async open(_signal: AbortSignal, pushDown: RecordFilter | null = null): Promise<Origin> {
    this.#pushedDown = pushDown;
    const capture = this.#kernel.openCapture({
      channel: this.#options.channel,
      ringBytes: this.#options.ringBytes,
    });
    this.#capture = capture;
    for (const { message, fields } of openingWarnings(capture, this.#options)) {
      this.#context.log.warn(message, fields);
    }
    this.#lostDisclosures = capture.disclosures.taken - capture.disclosures.accounted;
    await this.#serve(capture);
    const { numbering } = capture;
    return { abi: abiBpf1.id, ...capture.origin, epoch: 0, ...(numbering !== undefined && { numbering }) };
  }

  async read(slab: Slab, signal: AbortSignal): Promise<RelayBatch | null> {
    const capture = this.#capture;
    if (capture === undefined) throw new CamflowError('PIPELINE_STATE', 'The kernel source is not open');
    if (!this.#enabled) this.#enable(capture);
    while (!this.#ended) {
      if (this.#round === undefined) await this.#startRound(capture, signal);
      const batch = this.#readRings(slab) ?? this.#readDisclosed(capture, slab);
      if (batch !== undefined) return batch;
      this.#round = undefined;
      if (this.#draining && (this.#goesOn || !this.#roundHadRecords)) this.#ended = true;
      const ending = this.#endRound(capture);
      if (ending !== undefined) return ending;
    }
    return null;
  }

  commit(batchId: number): void {
    while (this.#outstanding.length > 0 && this.#outstanding[0]!.id <= batchId) {
      this.#outstanding.shift()!.settle();
    }
  }

  leaveOut(pushDown: RecordFilter | null): void {
    if (this.#enabled) this.#capture?.leaveOut(leftOutBy(pushDown));
    this.#pushedDown = pushDown;
  }

  shed(types: readonly RecordType[]): void {
    if (!this.#enabled || this.#draining) return;
    const comesBack = this.#shedTypes.some((type) => type.category === 'node' && !types.includes(type));
    this.#capture?.shed(types);
    // Nodes are written once an epoch.
    if (comesBack) this.#capture?.changeEpoch();
    this.#shedTypes = types;
    this.#sheds = true;
  }

  async close(): Promise<void> {
    await this.#served?.close();
    this.#served = undefined;
    if (this.#enabled) this.#capture?.restore();
    this.#enabled = false;
    // What is committed later, by an output that was given up, would be let go of in rings that are not there any more.
    this.#outstanding.length = 0;
    this.#capture?.close();
    this.#capture = undefined;
  }

  /** Without the socket capture is whole, but for what programs would tell. */
  async #serve({ origin, watch, disclosures }: OpenCapture): Promise<void> {
    const { channel, socket } = this.#options;
    const { log } = this.#context;
    if (socket === undefined) return;
    try {
      this.#served = await this.#kernel.serveControl(channel, socket, origin, log, () => {
        // On record before the program hears that it was taken.
        disclosures.take(1);
        watch.wake();
      });
    } catch (error) {
      log.warn('programs cannot disclose: there is no control socket', { reason: describeError(error) });
    }
  }

  #enable(capture: OpenCapture): void {
    this.#losses = new RingLosses(capture.accountedLosses(), this.#context.log);
    capture.leaveOut(leftOutBy(this.#pushedDown));
    const { record, argumentLimit, attributeValues } = this.#options;
    const all = record === 'policy' ? undefined : record === 'all';
    if (!capture.enable({ all, argumentLimit, attributeValues })) {
      const { inCommands } = this.#options.channel;
      this.#context.log.warn(
        `nothing is captured, as camconfd or camflow said; \`camflow${inCommands} -e true\` turns it on`,
      );
    }
    this.#enabled = true;
    this.#roundStartedMs = performance.now();
  }

  async #startRound(capture: OpenCapture, signal: AbortSignal): Promise<void> {
    if (!this.#roundHadRecords && !this.#draining) await this.#somethingToRead(capture, signal);
    this.#roundStartedMs = performance.now();
    if (signal.aborted && !this.#draining) {
      this.#draining = true;
      if (this.#shedTypes.length > 0) capture.shed([]);
      this.#shedTypes = [];
      this.#goesOn = !capture.disable();
      // What was disclosed until now is still read.
      await this.#served?.close();
    }
    this.#roundHadRecords = false;
    this.#round = capture.rings.map((ring) => ({ ring, until: ring.end }));
  }

  /**
   * Waits until there may be something to read, or the drain begins. Rounds do not follow one another faster than the
   * interval between them: what happens meanwhile is read together. While nothing happens the kernel is asked to say
   * when something does, so that an idle recorder sleeps; but it tells only who has released what came before, and
   * while outputs have not taken that, or the end of losses is looked for, the rings are looked at once an interval.
   */
  async #somethingToRead(capture: OpenCapture, signal: AbortSignal): Promise<void> {
    const { pollMs } = this.#options;
    const early = this.#roundStartedMs + pollMs - performance.now();
    if (early > 0) await sleepUnless(signal, early);
    while (!signal.aborted && !this.#hasSomething(capture)) {
      if (this.#losses?.going === true || this.#sheds) return;
      if (capture.rings.every((ring) => ring.isDrained)) await this.#sleep(capture, signal);
      else await sleepUnless(signal, pollMs);
    }
  }

  #hasSomething({ rings }: OpenCapture): boolean {
    if (this.#lostDisclosures > 0 || this.#served?.disclosed.isEmpty === false) return true;
    return rings.some((ring) => ring.end !== ring.position);
  }

  /** Sleeps until the kernel says that a ring holds something. Never for long: node cannot end while its thread sleeps. */
  async #sleep({ watch }: OpenCapture, signal: AbortSignal): Promise<void> {
    const wake = (): void => watch.wake();
    signal.addEventListener('abort', wake);
    try {
      await watch.sleep(longestSleepMs);
    } finally {
      signal.removeEventListener('abort', wake);
    }
  }

  /** The next batch of this round; undefined where it has no more. */
  #readRings(slab: Slab): RelayBatch | undefined {
    for (let next = this.#round?.[0]; next !== undefined; next = this.#round?.[0]) {
      const { ring, until } = next;
      const read = ring.read(slab.bytes, until);
      this.#losses?.malformed(read.malformed);
      // No records although there are some to come: the next one is still being written.
      if (read.records === 0 || ring.position >= until) this.#round?.shift();
      if (read.records > 0) return this.#recordsOf(ring, read);
    }
    return undefined;
  }

  #recordsOf(ring: Ring, { byteLength, firstSequence, end }: RingRead): RelayBatch {
    this.#roundHadRecords = true;
    const id = ++this.#batches;
    this.#outstanding.push({ id, settle: () => ring.release(end) });
    const position = this.#positions.get(ring) ?? 0;
    this.#positions.set(ring, position + byteLength);
    const stream = { cpu: ring.cpu, kind: 'mixed' } as const;
    // Sequence numbers have holes where records found no room, and one that another program interrupts comes later.
    const mark = Number(end);
    return { ...this.#emptyBatch(id), stream, byteLength, position, firstSequence, mark };
  }

  /**
   * What programs disclosed since the last batch of this kind; undefined where they did not. It is in no ring, and does
   * not come again: what is not committed when the recorder is killed is a gap.
   */
  #readDisclosed({ disclosures }: OpenCapture, slab: Slab): RelayBatch | undefined {
    if (this.#served === undefined || this.#served.disclosed.isEmpty) return undefined;
    this.#roundHadRecords = true;
    const { byteLength, records, firstSequence } = this.#served.disclosed.take(slab.bytes);
    const id = ++this.#batches;
    this.#outstanding.push({ id, settle: () => disclosures.account(records) });
    const position = this.#disclosedBytes;
    this.#disclosedBytes += byteLength;
    const stream = { cpu: possibleCpus(), kind: 'mixed' } as const;
    const place = { stream, byteLength, position, firstSequence, rereadable: false };
    return { ...this.#emptyBatch(id), ...place };
  }

  /** The batch that ends the round; undefined where there is nothing to say. */
  #endRound(capture: OpenCapture): RelayBatch | undefined {
    const losses = this.#losses!;
    // Records are lost only where a ring is full, and then the round had some, or where they are shed: an idle recorder
    // asks nothing.
    const disclosed = this.#lostDisclosures;
    const isIdle = !this.#roundHadRecords && !losses.going && !this.#sheds;
    if (isIdle && disclosed === 0 && !this.#ended) return undefined;
    this.#lostDisclosures = 0;
    this.#sheds = this.#shedTypes.length > 0;
    const { counters, ofUnknownSize, accounted, over } = losses.take(
      capture.counts(),
      this.#missedRuns(capture),
    );
    // Once losses have ended, so that nodes and names that were lost come again; not while they go on.
    if (over && !this.#draining) capture.changeEpoch();
    // Of unknown size: outputs may have had some of it.
    const lossOfUnknownSize = [...ofUnknownSize, ...(disclosed > 0 ? (['unclean_stop'] as const) : [])];
    const lost = Object.keys(counters).length > 0 || lossOfUnknownSize.length > 0;
    if (!this.#roundHadRecords && !lost) return undefined;
    const id = ++this.#batches;
    const settle = (): void => {
      capture.accountLosses(accounted);
      if (disclosed > 0) capture.disclosures.account(disclosed);
    };
    if (lost) this.#outstanding.push({ id, settle });
    return { ...this.#emptyBatch(id), endOfRound: true, loss: counters, lossOfUnknownSize };
  }

  /** Undefined where it was asked not long ago. */
  #missedRuns(capture: OpenCapture): number | undefined {
    const now = performance.now();
    if (!this.#ended && now < this.#askedOfMissedMs + missedRunsMs) return undefined;
    this.#askedOfMissedMs = now;
    return capture.missedRuns();
  }

  #emptyBatch(id: number): RelayBatch {
    return {
      id,
      abi: abiBpf1.id,
      stream: { cpu: 0, kind: 'mixed' },
      byteLength: 0,
      position: 0,
      firstSequence: 0,
      capturedAtMs: Date.now(),
      endOfRound: false,
      loss: {},
      securityContexts: [],
    };
  }
}

/** Waits, but no longer than until the signal comes. */
async function sleepUnless(signal: AbortSignal, timeMs: number): Promise<void> {
  await sleep(timeMs, undefined, { signal }).catch(() => {});
}
