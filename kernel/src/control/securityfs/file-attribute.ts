import { getAttribute, setAttribute } from '../../libc/extended-attribute.ts';
import type { FileTarget } from '../provenance-node.ts';

/** Where a CamFlow kernel shows the nodes of files. */
export const provenanceAttribute = 'security.provenance';

/** An extended attribute of files. */
export interface FileAttribute {
  /** Its value, up to `sizeBytes`. */
  get(target: FileTarget, sizeBytes: number): Buffer;
  set(target: FileTarget, value: Uint8Array): void;
}

/** An extended attribute as the kernel has it. */
export function fileAttribute(name: string): FileAttribute {
  return {
    get: (target, sizeBytes) => getAttribute(target, name, sizeBytes),
    set: (target, value) => setAttribute(target, name, value),
  };
}
