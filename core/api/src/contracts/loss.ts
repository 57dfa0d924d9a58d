/**
 * Why records were lost. Every lost record is counted under exactly one cause.
 *
 * - `ring_full`: the kernel had no room
 * - `state_failures`: the kernel had no room for the state of an object, and what happened to it was not recorded: counted
 *   each time that something did
 * - `missed`: the kernel left a program out, as it was running already on that CPU
 * - `malformed`: the bytes are not a record of a known type
 * - `truncated`: a stream ended inside a record, or a capture file was torn
 * - `checksum`: a frame of a capture file is damaged
 * - `format_failed`: a formatter threw on it, alone
 * - `unit_too_large`: an output cannot carry a unit of that size
 * - `sink_rejected`: an output refused it for good
 * - `shed`: the recorder was overloaded and sheds records of its type first
 * - `spool_full`: an output's spool had reached its limit
 * - `spool_expired`: it waited in an output's spool for longer than is allowed
 * - `spool_damaged`: the spool on the disk was damaged, cut off or removed
 * - `shutdown`: an output did not take it before the recorder had to stop
 * - `unclean_stop`: it was in flight when the recorder was killed
 */
export const lossCauses = [
  'ring_full',
  'state_failures',
  'missed',
  'malformed',
  'truncated',
  'checksum',
  'format_failed',
  'unit_too_large',
  'sink_rejected',
  'shed',
  'spool_full',
  'spool_expired',
  'spool_damaged',
  'shutdown',
  'unclean_stop',
] as const;

/** One of {@link lossCauses}. */
export type LossCause = (typeof lossCauses)[number];

/** Records lost since the last report, by cause; a cause that is absent lost none. */
export type LossCounters = Readonly<Partial<Record<LossCause, number>>>;
