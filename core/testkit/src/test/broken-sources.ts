import {
  apiVersion,
  CamflowError,
  type CaptureSource,
  definePlugin,
  type OptionsDefinition,
  type Origin,
  type RawOptions,
  type RelayBatch,
  type Slab,
  type SourceCapabilities,
  type SourceDefinition,
} from '@camflow/api';
import { createMemorySource, type MemoryStream } from '../fakes/memory-source.ts';
import { createStory } from '../story/story.ts';
import type { SourceSubject } from '../suites/source-trial.ts';

/** Where the sources of this file read from. */
interface Store {
  readonly streams: readonly MemoryStream[];
  readonly securityContexts: RelayBatch['securityContexts'];
  taken: number;
  given: boolean;
}

const stores = new Map<string, Store>();
const story = createStory({ records: 1500 });
const streams = [...story.chunks()].map(({ stream, bytes }) => ({ stream, bytes: Uint8Array.from(bytes) }));
const expected = new Map<string, Uint8Array>();
for (const { stream, bytes } of streams) {
  const key = `${stream.kind} ${stream.cpu}`;
  expected.set(key, Buffer.concat([expected.get(key) ?? new Uint8Array(), bytes]));
}

/** A fresh store. */
export function storedSubject(): SourceSubject {
  const id = String(stores.size);
  const store: Store = { streams, securityContexts: story.securityContexts, taken: 0, given: false };
  stores.set(id, store);
  return { options: { store: id }, unusable: { store: 'none' }, expected, taken: () => store.taken };
}

const options: OptionsDefinition<RawOptions> = {
  schema: {
    '~standard': { version: 1, vendor: 'none', validate: (value) => ({ value: value as RawOptions }) },
  },
  keys: { store: { summary: 'Where to read from.' } },
};

/** A source that keeps every rule. */
class StoreSource implements CaptureSource {
  readonly capabilities: SourceCapabilities = {
    finite: true,
    rereadable: true,
    heldBatches: 0,
    pushDown: [],
  };
  protected readonly store: Store | undefined;
  readonly #memory: CaptureSource;

  constructor(store: Store | undefined) {
    this.store = store;
    this.#memory = createMemorySource(store ?? { streams: [] });
  }

  async open(signal: AbortSignal): Promise<Origin> {
    if (!this.store) throw new CamflowError('SOURCE_UNAVAILABLE', 'there is no such store');
    return this.#memory.open(signal);
  }

  async read(slab: Slab, signal: AbortSignal): Promise<RelayBatch | null> {
    const batch = await this.#memory.read(slab, signal);
    this.store!.taken += batch?.byteLength ?? 0;
    return batch;
  }

  commit(_batchId: number): void {}

  async close(): Promise<void> {}
}

function define(make: (store: Store | undefined) => CaptureSource): SourceDefinition<RawOptions> {
  const head = { kind: 'source', name: 'trial', summary: 'For tests.', apiVersion, options } as const;
  return definePlugin({ ...head, create: (raw: RawOptions) => make(stores.get(String(raw.store))) });
}

/** The good source, with every batch changed. */
function changing(
  change: (batch: RelayBatch, slab: Slab) => Partial<RelayBatch>,
): SourceDefinition<RawOptions> {
  return define(
    (store) =>
      new (class extends StoreSource {
        override async read(slab: Slab, signal: AbortSignal): Promise<RelayBatch | null> {
          const batch = await super.read(slab, signal);
          return batch && { ...batch, ...change(batch, slab) };
        }
      })(store),
  );
}

/** A source that keeps every rule. */
export const goodSource: SourceDefinition<RawOptions> = define((store) => new StoreSource(store));

/** One source per rule, broken in that respect alone. */
export const brokenSources: Readonly<Record<string, SourceDefinition<RawOptions>>> = {
  'source/definition': { ...goodSource },
  'source/capabilities': define(
    (store) =>
      new (class extends StoreSource {
        override readonly capabilities = {
          finite: true,
          rereadable: true,
          heldBatches: 0,
          pushDown: ['everything'] as never[],
        };
      })(store),
  ),
  'source/origin': define(
    (store) =>
      new (class extends StoreSource {
        override async open(signal: AbortSignal): Promise<Origin> {
          return { ...(await super.open(signal)), epoch: -1 };
        }
      })(store),
  ),
  'source/errors': define(
    (store) =>
      new (class extends StoreSource {
        override async open(signal: AbortSignal): Promise<Origin> {
          if (!this.store) throw new Error('ENOENT');
          return super.open(signal);
        }
      })(store),
  ),
  'source/pulled': define(
    (store) =>
      new (class extends StoreSource {
        override async open(signal: AbortSignal): Promise<Origin> {
          const origin = await super.open(signal);
          this.store!.taken += 256;
          return origin;
        }
      })(store),
  ),
  'source/complete': define((store) => {
    const damages = store?.given === false;
    if (store) store.given = true;
    return new (class extends StoreSource {
      override async read(slab: Slab, signal: AbortSignal): Promise<RelayBatch | null> {
        const batch = await super.read(slab, signal);
        if (damages && batch?.id === 3) slab.bytes[100]! ^= 1;
        return batch;
      }
    })(store);
  }),
  'source/inside-slab': changing((_, slab) => {
    new Uint8Array(slab.bytes.buffer)[slab.bytes.byteOffset + slab.bytes.length]! ^= 1;
    return {};
  }),
  'source/slab-released': define((store) => {
    let before: Slab | undefined;
    return new (class extends StoreSource {
      override async read(slab: Slab, signal: AbortSignal): Promise<RelayBatch | null> {
        if (before) before.bytes[0]! ^= 1;
        before = slab;
        return super.read(slab, signal);
      }
    })(store);
  }),
  'source/commit': define(
    (store) =>
      new (class extends StoreSource {
        #committed = 0;
        override commit(batchId: number): void {
          if (batchId !== this.#committed + 1) throw new Error(`batch ${this.#committed + 1} comes first`);
          this.#committed = batchId;
        }
      })(store),
  ),
  'source/ends': define((store) => {
    let last: RelayBatch | null = null;
    return new (class extends StoreSource {
      override async read(slab: Slab, signal: AbortSignal): Promise<RelayBatch | null> {
        const batch = await super.read(slab, signal);
        if (batch) last = batch;
        if (batch || signal.aborted || !last) return batch;
        last = { ...last, id: last.id + 1, byteLength: 0, securityContexts: [] };
        return last;
      }
    })(store);
  }),
  'source/drain': define(
    (store) =>
      new (class extends StoreSource {
        override async read(slab: Slab, signal: AbortSignal): Promise<RelayBatch | null> {
          if (signal.aborted) await new Promise(() => {});
          return super.read(slab, signal);
        }
      })(store),
  ),
  'source/rereadable': define((store) => {
    if (store?.given) return new StoreSource({ ...store, streams: store.streams.slice(2) });
    return new (class extends StoreSource {
      override async close(): Promise<void> {
        if (this.store && this.store.taken > 0) this.store.given = true;
      }
    })(store);
  }),
  'source/close-unopened': define(
    (store) =>
      new (class extends StoreSource {
        #open = false;
        override async open(signal: AbortSignal): Promise<Origin> {
          this.#open = true;
          return super.open(signal);
        }
        override async close(): Promise<void> {
          if (!this.#open) throw new Error('not open');
        }
      })(store),
  ),
  'source/close-twice': define(
    (store) =>
      new (class extends StoreSource {
        #closed = false;
        override async close(): Promise<void> {
          if (this.#closed) throw new Error('closed already');
          this.#closed = true;
        }
      })(store),
  ),
  'source/whole-records': changing(({ abi }) => ({ abi: abi.toUpperCase() })),
  'source/ids': changing(() => ({ id: 1 })),
  'source/sequences': changing(() => ({ firstSequence: 0 })),
  'source/positions': changing(() => ({ position: 0 })),
  'source/dates': changing(() => ({ capturedAtMs: Number.NaN })),
  'source/rounds': changing(() => ({ endOfRound: false })),
  'source/loss': changing(() => ({ loss: { mislaid: 0 } as RelayBatch['loss'] })),
  'source/contexts': changing(() => ({ securityContexts: story.securityContexts })),
};
