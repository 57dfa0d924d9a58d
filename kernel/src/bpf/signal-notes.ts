import type { BpfMap } from './bpf-map.ts';
import type { Channel } from './channel.ts';
import { readStructure, structures, type Values, writeStructure } from './layout.ts';

/** One and the same call sends a signal to all of a group; what goes to each of them by itself comes soon after. */
const togetherNs = 1_000_000_000n;

/** Tells signals that a process sent to this one alone from those that it sent to a child as well. */
export class SignalNotes {
  readonly #map: BpfMap;
  /** When the last of each number was sent that was asked about. */
  readonly #asked = new Map<number, bigint>();
  readonly #sinceNs: bigint = process.hrtime.bigint();

  constructor(channel: Channel) {
    this.#map = channel.map('cf_signals');
  }

  /**
   * Whether the signal that just came to this process, which is the recorder, went to a child in its process group too.
   * One that no process sent is of the kernel, which has a terminal's signals go to the whole group. Only while capture
   * is on: else nothing is known of any.
   */
  reached(child: number, signal: number): boolean {
    const own = this.#note(process.pid, signal);
    if (own === undefined || own.time <= (this.#asked.get(signal) ?? this.#sinceNs)) return true;
    this.#asked.set(signal, own.time);
    const theirs = this.#note(child, signal);
    if (theirs === undefined || theirs.sender !== own.sender) return false;
    const apartNs = theirs.time - own.time;
    return -togetherNs < apartNs && apartNs < togetherNs;
  }

  close(): void {
    this.#map.close();
  }

  #note(pid: number, signal: number): Values<'cf_signal'> | undefined {
    const key = new Uint8Array(structures.cf_signal_key.size);
    writeStructure('cf_signal_key', key, { process: pid, signal });
    const value = this.#map.get(key, structures.cf_signal.size);
    return value && readStructure('cf_signal', value);
  }
}
