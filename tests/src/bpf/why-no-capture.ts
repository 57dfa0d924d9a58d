import { type GuestKernel, whyNoGuest } from '@camflow/guest';

/**
 * Why capture in the guest is not tried: it takes some ten minutes, so it is asked for by `pnpm test:capture`.
 * @returns undefined where it is
 */
export function whyNoCapture(kernel: GuestKernel): string | undefined {
  if (process.env['CAMFLOW_TEST_CAPTURE'] !== '1') return 'run pnpm test:capture';
  return whyNoGuest(kernel);
}
