import { stat } from 'node:fs/promises';
import {
  abiCamflow09,
  CamflowError,
  type CaptureSource,
  isCamflowError,
  type Origin,
  type PluginContext,
  type RelayBatch,
  type Slab,
  type SourceCapabilities,
} from '@camflow/api';
import { openInput } from './open-input.ts';
import type { InputBatch, ReplayInput } from './replay-input.ts';
import type { ReplayOptions } from './replay-options.ts';

/** Replays files. There are no rounds: in a folder all names come first, in a capture they come as they were taken in. */
export class ReplaySource implements CaptureSource {
  readonly capabilities: SourceCapabilities = {
    finite: true,
    rereadable: true,
    heldBatches: 0,
    pushDown: [],
  };
  readonly #options: ReplayOptions;
  readonly #context: PluginContext;
  #input: ReplayInput | undefined;
  #passesLeft: number;
  #recordsInPass = false;
  #batches = 0;

  constructor(options: ReplayOptions, context: PluginContext) {
    this.#options = options;
    this.#context = context;
    this.#passesLeft = options.loop;
  }

  async open(): Promise<Origin> {
    const { path } = this.#options;
    this.#input = await openInput(path, this.#context.log);
    return { ...this.#input.origin, numbering: await numberingOf(path) };
  }

  async read(slab: Slab, signal: AbortSignal): Promise<RelayBatch | null> {
    const input = this.#input;
    if (input === undefined || slab.bytes.length < abiCamflow09.framing.longBytes) {
      throw new CamflowError(
        'PIPELINE_STATE',
        'The replay source is not open, or a slab holds no long record',
      );
    }
    try {
      while (!signal.aborted && this.#passesLeft > 0) {
        const batch = await input.fill(slab.bytes);
        if (batch === null) {
          // After a pass without records another one would be the same.
          this.#passesLeft = this.#recordsInPass ? this.#passesLeft - 1 : 0;
          this.#recordsInPass = false;
          if (this.#passesLeft > 0) await input.rewind();
        } else if (batch.byteLength > 0 || hasNews(batch)) {
          this.#recordsInPass ||= batch.byteLength > 0;
          return this.#numbered(batch);
        }
      }
      return null;
    } catch (error) {
      if (isCamflowError(error)) throw error;
      throw new CamflowError('SOURCE_FAILED', `Cannot read ${this.#options.path}`, { cause: error });
    }
  }

  /** Nothing to do: files stay as they are. */
  commit(): void {}

  async close(): Promise<void> {
    const input = this.#input;
    this.#input = undefined;
    await input?.close();
  }

  #numbered(batch: InputBatch): RelayBatch {
    const capturedAtMs = this.#options.date ?? batch.capturedAtMs;
    return { ...batch, id: ++this.#batches, capturedAtMs, endOfRound: true };
  }
}

/** The same for the same file or folder, which is read from its start by every run. */
async function numberingOf(path: string): Promise<string> {
  const { dev, ino, birthtimeMs } = await stat(path);
  return ['replay', dev, ino, Math.floor(birthtimeMs)].map(String).join('-');
}

function hasNews(batch: InputBatch): boolean {
  return batch.securityContexts.length > 0 || Object.keys(batch.loss).length > 0;
}
