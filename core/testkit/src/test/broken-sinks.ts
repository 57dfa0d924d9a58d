import {
  apiVersion,
  CamflowError,
  definePlugin,
  type OptionsDefinition,
  type RawOptions,
  type Sink,
  type SinkDefinition,
  sinkStopped,
  type UnitBatch,
  type WriteReceipt,
} from '@camflow/api';
import type { SinkSubject } from '../suites/sink-trial.ts';

/** Where the sinks of this file deliver to. */
class Store {
  delivered: Uint8Array[] = [];
  opened = 0;
  stalled = false;
}

const stores = new Map<string, Store>();

/** A fresh store. */
export function storeSubject(): SinkSubject {
  const id = String(stores.size);
  const store = new Store();
  stores.set(id, store);
  return {
    options: { store: id },
    unusable: { store: 'none' },
    readBack: async () => Buffer.concat(store.delivered),
    stall: async () => {
      store.stalled = true;
    },
    resume: async () => {
      store.stalled = false;
    },
    footprint: async () => `opened ${store.opened} times`,
  };
}

const options: OptionsDefinition<RawOptions> = {
  schema: {
    '~standard': { version: 1, vendor: 'none', validate: (value) => ({ value: value as RawOptions }) },
  },
  keys: { store: { summary: 'Where to deliver to.' } },
};

/** A sink that keeps every rule. */
class StoreSink implements Sink {
  protected readonly store: Store | undefined;

  constructor(store: Store | undefined) {
    this.store = store;
  }

  async check(): Promise<void> {}

  async open(): Promise<void> {
    if (!this.store) throw new CamflowError('SINK_MISCONFIGURED', 'there is no such store');
    this.store.opened++;
  }

  async write(units: UnitBatch, signal: AbortSignal): Promise<WriteReceipt | undefined> {
    while (this.store!.stalled) {
      if (signal.aborted) throw sinkStopped('the store');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    for (let i = 0; i < units.count; i++)
      this.keep(Uint8Array.from(units.bytes.subarray(units.ends[i - 1] ?? 0, units.ends[i]!)));
    return undefined;
  }

  keep(unit: Uint8Array): void {
    this.store!.delivered.push(unit);
  }

  async flush(): Promise<void> {}
  async reopen(): Promise<void> {}
  async close(): Promise<void> {}
}

function define(make: (store: Store | undefined) => Sink): SinkDefinition<RawOptions> {
  const head = { kind: 'sink', name: 'trial', summary: 'For tests.', apiVersion, options } as const;
  return definePlugin({ ...head, create: (raw: RawOptions) => make(stores.get(String(raw.store))) });
}

/** A sink that keeps every rule. */
export const goodSink: SinkDefinition<RawOptions> = define((store) => new StoreSink(store));

/** One sink per rule, broken in that respect alone. */
export const brokenSinks: Readonly<Record<string, SinkDefinition<RawOptions>>> = {
  'sink/definition': { ...goodSink },
  'sink/create-opens-nothing': define((store) => {
    if (store) store.opened++;
    return new StoreSink(store);
  }),
  'sink/check-leaves-nothing': define(
    (store) =>
      new (class extends StoreSink {
        override async check(): Promise<void> {
          if (this.store) this.store.opened++;
        }
      })(store),
  ),
  'sink/errors': define(
    (store) =>
      new (class extends StoreSink {
        override async open(): Promise<void> {
          if (!this.store) throw new Error('ENOENT');
        }
      })(store),
  ),
  'sink/close-unopened': define(
    (store) =>
      new (class extends StoreSink {
        #open = false;
        override async open(): Promise<void> {
          await super.open();
          this.#open = true;
        }
        override async close(): Promise<void> {
          if (!this.#open) throw new Error('not open');
        }
      })(store),
  ),
  'sink/close-twice': define(
    (store) =>
      new (class extends StoreSink {
        #closed = false;
        override async close(): Promise<void> {
          if (this.#closed) throw new Error('closed already');
          this.#closed = true;
        }
      })(store),
  ),
  'sink/flush': define(
    (store) =>
      new (class extends StoreSink {
        override async flush(): Promise<void> {
          if (this.store!.delivered.length === 0) throw new Error('nothing to flush');
        }
      })(store),
  ),
  'sink/reopen': define(
    (store) =>
      new (class extends StoreSink {
        override async reopen(): Promise<void> {
          this.store!.delivered = [];
        }
      })(store),
  ),
  'sink/aborted': define(
    (store) =>
      new (class extends StoreSink {
        override async write(units: UnitBatch, signal: AbortSignal): Promise<WriteReceipt | undefined> {
          signal.throwIfAborted();
          return super.write(units, signal);
        }
      })(store),
  ),
  'sink/stop': define(
    (store) =>
      new (class extends StoreSink {
        override async write(units: UnitBatch, signal: AbortSignal): Promise<WriteReceipt | undefined> {
          return super.write(units, signal).catch(() => {
            throw new CamflowError('SINK_REJECTED', 'stopped');
          });
        }
      })(store),
  ),
  'sink/takes-again': define(
    (store) =>
      new (class extends StoreSink {
        #failed = false;
        override async write(units: UnitBatch, signal: AbortSignal): Promise<WriteReceipt | undefined> {
          if (this.#failed) return undefined;
          return super.write(units, signal).catch((error: unknown) => {
            this.#failed = true;
            throw error;
          });
        }
      })(store),
  ),
  'sink/complete': define(
    (store) =>
      new (class extends StoreSink {
        #kept = 0;
        override keep(unit: Uint8Array): void {
          if (this.#kept++ !== 199) super.keep(unit);
        }
      })(store),
  ),
  'sink/order': define(
    (store) =>
      new (class extends StoreSink {
        override keep(unit: Uint8Array): void {
          this.store!.delivered.unshift(unit);
        }
      })(store),
  ),
  'sink/whole-units': define(
    (store) =>
      new (class extends StoreSink {
        override keep(unit: Uint8Array): void {
          super.keep(Buffer.concat([unit, Uint8Array.of(0)]));
        }
      })(store),
  ),
  'sink/batch-released': define(
    (store) =>
      new (class extends StoreSink {
        override async write(units: UnitBatch, signal: AbortSignal): Promise<WriteReceipt | undefined> {
          await super.write({ ...units, count: 0 }, signal);
          for (let i = 0; i < units.count; i++) {
            this.keep(units.bytes.subarray(units.ends[i - 1] ?? 0, units.ends[i]!));
          }
          return undefined;
        }
      })(store),
  ),
  'sink/batch-untouched': define(
    (store) =>
      new (class extends StoreSink {
        override async write(units: UnitBatch, signal: AbortSignal): Promise<WriteReceipt | undefined> {
          const receipt = await super.write(units, signal);
          units.records.fill(0);
          return receipt;
        }
      })(store),
  ),
  'sink/counted-entries': define(
    (store) =>
      new (class extends StoreSink {
        override async write(units: UnitBatch, signal: AbortSignal): Promise<WriteReceipt | undefined> {
          return super.write({ ...units, count: units.ends.length }, signal);
        }
      })(store),
  ),
  'sink/receipt': define(
    (store) =>
      new (class extends StoreSink {
        override async write(units: UnitBatch, signal: AbortSignal): Promise<WriteReceipt | undefined> {
          await super.write(units, signal);
          return { lost: { mislaid: 0 } } as WriteReceipt;
        }
      })(store),
  ),
  'sink/large-unit': define(
    (store) =>
      new (class extends StoreSink {
        override keep(unit: Uint8Array): void {
          if (unit.length < 100_000) super.keep(unit);
        }
      })(store),
  ),
};
