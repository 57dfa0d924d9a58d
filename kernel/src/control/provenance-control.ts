import type { DisclosureControl } from './disclosure.ts';
import type { CaptureVersion, EffectivePolicy } from './effective-policy.ts';
import type { FilterControl } from './filters.ts';
import type { FileControl, ProcessControl } from './provenance-node.ts';
import type { PolicyRequest, Refusal } from './refusals.ts';
import type { RuleControl } from './rules.ts';
import type { SwitchControl } from './switches.ts';

/** Records that were lost in the kernel since capture began there. */
export interface Drops {
  readonly total: number;
  /** By cause; they add up to the total. */
  readonly causes: Readonly<Record<string, number>>;
}

/** How the kernel's buffers are made, on CamFlow 0.9. */
export interface RelayRequest {
  readonly machineId: number;
  readonly bootId: number;
  /** Size of a sub-buffer, as a power of two: 12 to 30. */
  readonly bufferExponent: number;
  /** Sub-buffers of each CPU and channel: at least 1. */
  readonly buffers: number;
}

/** Where records come from, and how they are handed over. */
export interface RecordingControl {
  /** 0 before capture was first prepared. */
  machineId(): number;
  /** 0 before capture was first prepared. */
  bootId(): number;
  /** Whether there is anything that captures, enabled or not: on a CamFlow kernel always. */
  isThere(): boolean;
  /** Whether identity and buffers are set: they stay as they are then. */
  isPrepared(): boolean;
  /** Size of the buffer of each CPU; undefined where none are made, or the kernel does not say. */
  ringBytes(): number | undefined;
  /** What captures. */
  version(): CaptureVersion;
  /** Sets identity and buffers. The kernel takes the first call after its start; later ones change nothing. */
  prepare(request: RelayRequest): void;
  /** Makes every node and name be published again at its next use, with unchanged identifiers. */
  changeEpoch(): void;
  /** Has buffers that are being filled handed over. */
  flush(): void;
  /** What was lost. */
  drops(): Drops;
}

/** The policy as a whole. */
export interface PolicyControl {
  /** Everything that is in force. */
  read(): EffectivePolicy;
  /** Names it, see `hashPolicy`. */
  hash(): Uint8Array;
}

/**
 * Everything that can be asked of, and told to, a capturing kernel. Two back ends: the control files of a CamFlow
 * kernel, and the maps of the BPF programs. Calls are synchronous and short, on the calling thread, and throw
 * CamflowError: `PERMISSION_DENIED` where a privilege is missing, `UNSUPPORTED` where this kernel cannot do it,
 * `SYSTEM_CALL_FAILED` otherwise.
 */
export interface ProvenanceControl {
  /** Which back end this is. */
  readonly backend: 'securityfs' | 'bpf';
  readonly switches: SwitchControl;
  readonly filters: FilterControl;
  readonly rules: RuleControl;
  readonly files: FileControl;
  readonly processes: ProcessControl;
  readonly recording: RecordingControl;
  readonly policy: PolicyControl;
  readonly disclosure: DisclosureControl;
  /** What this kernel would refuse for what it is. Changes nothing, and needs no privilege. */
  refusals(request: PolicyRequest): Refusal[];
  /** Lets go of what was opened. Legal twice. */
  close(): void;
}
