import { type GuestKernel, whyNoGuest } from '@camflow/guest';

/**
 * Why nothing is captured in a guest here: it takes minutes, so it is asked for by `CAMFLOW_TEST_SYSTEM=1`, with which
 * whatever is missing has to fail.
 * @returns undefined where it is
 */
export function whyNoCapture(kernel: GuestKernel): string | undefined {
  if (process.env['CAMFLOW_TEST_SYSTEM'] !== '1')
    return 'set CAMFLOW_TEST_SYSTEM=1, or run pnpm test:capture';
  return whyNoGuest(kernel);
}
