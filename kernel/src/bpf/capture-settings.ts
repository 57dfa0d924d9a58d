import type { BpfMap } from './bpf-map.ts';
import type { Channel } from './channel.ts';
import { underControlLock } from './control-lock.ts';
import {
  modes,
  readStructure,
  type relationClasses,
  structures,
  type Values,
  writeStructure,
} from './layout.ts';

/** Everything in `cf_config`, as numbers. */
export type ConfigValues = Values<'cf_config'>;

/** What can be switched on and off but for capture itself. */
export type CaptureMode = keyof typeof modes;

type RelationClass = (typeof relationClasses)[number];

/**
 * Sets of types, as bits 0 to 47 of their codes: `record` are those that are not recorded, `propagate` those that flags
 * and taint do not travel along or into.
 */
export interface TypeSet {
  readonly purpose: 'record' | 'propagate';
  readonly of: 'node' | RelationClass;
}

/**
 * The configuration of the pinned programs of a channel. Changes hold from the next event on, for the programs that are loaded
 * already; each is one short critical section between all processes that use this class.
 */
export class CaptureSettings {
  readonly #map: BpfMap;

  /** @throws CamflowError where nothing is pinned, or this process may not open it */
  constructor(channel: Channel) {
    this.#map = channel.map('cf_config');
  }

  /** Everything as it is now. */
  read(): ConfigValues {
    return readStructure('cf_config', this.#bytes());
  }

  /** Writes members; the others stay. */
  write(values: Partial<Record<keyof ConfigValues, number | bigint>>): void {
    this.change(() => values);
  }

  /** Writes members that depend on what is there, undisturbed by others. */
  change(
    decide: (before: ConfigValues) => Partial<Record<keyof ConfigValues, number | bigint>>,
  ): ConfigValues {
    return underControlLock(() => {
      const bytes = this.#bytes();
      writeStructure('cf_config', bytes, decide(readStructure('cf_config', bytes)));
      this.#map.set(0, bytes);
      return readStructure('cf_config', bytes);
    });
  }

  /** Whether a mode is on. */
  mode(name: CaptureMode): boolean {
    return (Number(this.read().modes) & modes[name]) !== 0;
  }

  /** Turns a mode on or off. */
  setMode(name: CaptureMode, on: boolean): void {
    this.change(({ modes: before }) => ({
      modes: on ? Number(before) | modes[name] : Number(before) & ~modes[name],
    }));
  }

  /** The types in a set. */
  types(set: TypeSet): bigint {
    return this.read()[memberOf(set)];
  }

  /** Changes the types in a set: those to remove, then those to add. */
  changeTypes(set: TypeSet, { add = 0n, remove = 0n }: { add?: bigint; remove?: bigint }): void {
    const member = memberOf(set);
    this.change((before) => ({ [member]: (before[member] & ~remove) | add }));
  }

  close(): void {
    this.#map.close();
  }

  #bytes(): Uint8Array {
    return this.#map.need(0, structures.cf_config.size);
  }
}

function memberOf({ purpose, of }: TypeSet): keyof ConfigValues {
  return `${purpose === 'propagate' ? 'propagate_' : ''}${of}_filter`;
}
