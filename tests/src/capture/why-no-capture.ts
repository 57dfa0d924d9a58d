import { type GuestKernel, whyNoGuest } from '@camflow/guest';

/** Whether everything is asked for that is recorded in guests (`pnpm test:capture`), however long it takes. */
export const wholeCapture: boolean = process.env['CAMFLOW_TEST_CAPTURE'] === '1';

/**
 * Why nothing is captured in a guest here: it takes minutes, so it is asked for by `CAMFLOW_TEST_SYSTEM=1`, with which
 * whatever is missing has to fail. What takes many minutes is asked for by `pnpm test:capture`.
 * @returns undefined where it is
 */
export function whyNoCapture(kernel: GuestKernel, takes: 'minutes' | 'long' = 'minutes'): string | undefined {
  if (takes === 'long' && !wholeCapture) return 'run pnpm test:capture';
  if (process.env['CAMFLOW_TEST_SYSTEM'] !== '1')
    return 'set CAMFLOW_TEST_SYSTEM=1, or run pnpm test:capture';
  return whyNoGuest(kernel);
}
