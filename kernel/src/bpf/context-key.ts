import { CamflowError } from '@camflow/api';
import { contextBytes } from './layout.ts';

/** @throws CamflowError `CONFIG_BAD_VALUE` where a security context has no room in a `struct cf_context` */
export function checkContext(context: string): void {
  const size = Buffer.byteLength(context);
  if (size < contextBytes) return;
  throw new CamflowError('CONFIG_BAD_VALUE', `A security context of ${size} bytes is too long`, {
    hint: `The longest has ${contextBytes - 1}.`,
  });
}

/** A security context as a `struct cf_context`. @throws CamflowError as {@link checkContext} */
export function contextKey(context: string): Uint8Array {
  checkContext(context);
  const key = new Uint8Array(contextBytes);
  key.set(Buffer.from(context));
  return key;
}

/** The security context in a `struct cf_context`. */
export function contextOfKey(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return Buffer.from(bytes.subarray(0, end < 0 ? bytes.length : end)).toString('utf8');
}
