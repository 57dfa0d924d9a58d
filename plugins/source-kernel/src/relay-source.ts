import { setTimeout as sleep } from 'node:timers/promises';
import {
  abiCamflow09,
  CamflowError,
  type CaptureSource,
  describeError,
  type LossCounters,
  type Origin,
  type PluginContext,
  type RelayBatch,
  type Slab,
  type SourceCapabilities,
} from '@camflow/api';
import {
  defaultRelayFolder,
  ProvenanceSecurityfs,
  type RelayRead,
  RelaySet,
  relayNamesIn,
  serveState,
} from '@camflow/kernel';
import { ContextResolver } from './context-resolver.ts';
import type { KernelOptions } from './kernel-options.ts';
import { LossWatch } from './loss-watch.ts';

const mostHeldBatches = 64;

/** What is there while the source is open. */
interface Attachment {
  readonly relays: RelaySet;
  readonly securityfs: ProvenanceSecurityfs | undefined;
  readonly contexts: ContextResolver | undefined;
  readonly losses: LossWatch;
}

/** Captures from the relay files of a running CamFlow kernel. */
export class RelaySource implements CaptureSource {
  readonly capabilities: SourceCapabilities;
  readonly #options: KernelOptions;
  readonly #context: PluginContext;
  readonly #folder: string;
  #attached: Attachment | undefined;
  #served: { close(): Promise<void> } | undefined;
  #batches = 0;
  #inRound = false;
  #waitFirst = false;
  #draining = false;
  /** The round in which the drain began read some files before the flush; one more is needed. */
  #anotherRound = false;
  #ended = false;

  constructor(options: KernelOptions, context: PluginContext) {
    this.#options = options;
    this.#context = context;
    this.#folder = options.relayDir ?? defaultRelayFolder;
    this.capabilities = {
      finite: options.once,
      rereadable: false,
      heldBatches: Math.min(shortFilesIn(this.#folder), mostHeldBatches),
      pushDown: [],
    };
  }

  async open(): Promise<Origin> {
    const securityfs = this.#openSecurityfs();
    const relays = new RelaySet({
      folder: this.#folder,
      shortFilesPerRound: this.capabilities.heldBatches,
      log: this.#context.log,
    });
    relays.open();
    try {
      securityfs?.makeSelfOpaque();
      const losses = new LossWatch(relays, securityfs);
      // From here on every node and name is published again: the stream is complete in itself.
      securityfs?.changeEpoch();
      const contexts = securityfs && new ContextResolver(securityfs);
      this.#attached = { relays, securityfs, contexts, losses };
      const machineId = securityfs?.machineId() ?? 0;
      const bootId = securityfs?.bootId() ?? 0;
      if (securityfs !== undefined) await this.#serve(securityfs.folder);
      return { abi: abiCamflow09.id, machineId, bootId, epoch: 0 };
    } catch (error) {
      this.#attached = undefined;
      relays.close();
      throw error;
    }
  }

  async read(slab: Slab, signal: AbortSignal): Promise<RelayBatch | null> {
    if (this.#attached === undefined)
      throw new CamflowError('PIPELINE_STATE', 'The kernel source is not open');
    const { relays, losses } = this.#attached;
    while (!this.#ended) {
      if (this.#waitFirst) await this.#wait(signal);
      if (signal.aborted && !this.#draining) this.#startDrain();
      const step = relays.next(slab.bytes);
      this.#inRound = step.kind === 'records';
      if (step.kind === 'records') return this.#records(slab, step);
      this.#ended = this.#isLastRound(step.hadRecords, step.moreWaiting);
      this.#waitFirst = !step.moreWaiting;
      const loss = losses.take(this.#ended);
      if (step.hadRecords || Object.keys(loss).length > 0) return this.#roundEnd(loss);
    }
    return null;
  }

  /** Nothing to do: reading a relay file consumes. */
  commit(): void {}

  async close(): Promise<void> {
    await this.#served?.close();
    this.#served = undefined;
    this.#attached?.relays.close();
    this.#attached = undefined;
  }

  /** Without the socket capture is whole: root alone reads the state then. */
  async #serve(securityfsFolder: string): Promise<void> {
    const { socket } = this.#options;
    if (socket === undefined) return;
    try {
      this.#served = await serveState(socket, securityfsFolder, this.#context.log);
    } catch (error) {
      this.#context.log.warn('there is no control socket', { reason: describeError(error) });
    }
  }

  #openSecurityfs(): ProvenanceSecurityfs | undefined {
    const securityfs = new ProvenanceSecurityfs(this.#options.securityfsDir);
    const { folder } = securityfs;
    if (!securityfs.isPresent) {
      if (this.#options.relayDir === undefined) {
        throw new CamflowError('SOURCE_UNAVAILABLE', `${folder} does not exist`, {
          hint: 'This kernel has no CamFlow, or securityfs is not mounted. To read recorded files, use source=replay.',
        });
      }
      const consequence = 'no epoch, no flush, no security contexts, no count of drops';
      this.#context.log.warn('There are no control files', { folder, consequence });
      return undefined;
    }
    const version = securityfs.version();
    if (/^v?0\.9\./.test(version)) return securityfs;
    throw new CamflowError(
      'SOURCE_UNAVAILABLE',
      `The kernel has CamFlow ${version}, whose records this release does not know`,
      {
        hint: 'Use a kernel with CamFlow 0.9.',
      },
    );
  }

  #startDrain(): void {
    this.#draining = true;
    this.#anotherRound = this.#inRound;
    try {
      this.#attached?.securityfs?.flush();
    } catch (error) {
      this.#context.log.warn('The relay was not flushed', { error: describeError(error) });
    }
  }

  #isLastRound(hadRecords: boolean, moreWaiting: boolean): boolean {
    if (!this.#draining) return this.#options.once && !hadRecords && !moreWaiting;
    const last = !this.#anotherRound && !moreWaiting;
    this.#anotherRound = false;
    return last;
  }

  #records(slab: Slab, read: RelayRead): RelayBatch {
    return {
      id: ++this.#batches,
      abi: abiCamflow09.id,
      stream: read.stream,
      byteLength: read.byteLength,
      position: read.position,
      firstSequence: read.firstSequence,
      capturedAtMs: Date.now(),
      endOfRound: false,
      loss: {},
      securityContexts: this.#attached?.contexts?.newIn(slab.bytes, read) ?? [],
    };
  }

  /** An empty batch: which read was the last of a round is only known when the next ones gave nothing. */
  #roundEnd(loss: LossCounters): RelayBatch {
    return {
      id: ++this.#batches,
      abi: abiCamflow09.id,
      stream: { cpu: 0, kind: 'long' },
      byteLength: 0,
      position: 0,
      firstSequence: 0,
      capturedAtMs: Date.now(),
      endOfRound: true,
      loss,
      securityContexts: [],
    };
  }

  async #wait(signal: AbortSignal): Promise<void> {
    this.#waitFirst = false;
    if (this.#draining) return;
    // Rejects only where the signal is aborted, and then the drain begins.
    await sleep(this.#options.pollMs, undefined, { signal }).catch(() => {});
  }
}

function shortFilesIn(folder: string): number {
  try {
    return Math.max(1, relayNamesIn(folder).filter(({ stream }) => stream.kind === 'short').length);
  } catch {
    // Opening says what is wrong with the folder.
    return 1;
  }
}
