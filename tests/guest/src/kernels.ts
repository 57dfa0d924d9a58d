/** A kernel version that the guest can run. */
export type GuestKernel = '6.1' | '6.12';

/** Where a kernel of the guest comes from. */
export interface KernelOrigin {
  /** Release of Debian that the kernel and its QEMU are taken from; the newest of Debian 12 where absent. */
  readonly release?: string;
}

/**
 * The kernels a guest can run. Each is emulated by the QEMU of its own release: QEMU 7.2 of Debian 12
 * miscomputes `cmpxchg16b`, which kernels from 6.12 on use.
 */
export const guestKernels: Readonly<Record<GuestKernel, KernelOrigin>> = {
  '6.1': {},
  '6.12': { release: 'bookworm-backports' },
};

/** Whether a text names a kernel that the guest can run. */
export function isGuestKernel(name: string): name is GuestKernel {
  return Object.hasOwn(guestKernels, name);
}
