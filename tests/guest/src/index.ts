export { whyNoGuest } from './cache/parts.ts';
export { GuestError } from './guest-error.ts';
export type { PutFile } from './image/job-disk.ts';
export { type GuestKernel, guestKernels } from './kernels.ts';
export {
  type CapturedResult,
  type GuestJob,
  type GuestResult,
  runGuest,
  runInGuest,
} from './run/run-in-guest.ts';
