import { abiCamflow09, fieldOf } from '@camflow/api';
import type { ProvenanceSecurityfs, RelayRead } from '@camflow/kernel';

/** Numbers that were asked for are forgotten beyond this many: forged records could name any number. */
const maxKnown = 65_536;

const secidOffset = fieldOf('task', 'secid').offset;
const typeHighOffset = fieldOf('task', 'type').offset + 4;

/** Finds the security contexts that records name, and asks the kernel for the text of each one once. */
export class ContextResolver {
  readonly #securityfs: ProvenanceSecurityfs;
  readonly #known = new Set<number>();

  constructor(securityfs: ProvenanceSecurityfs) {
    this.#securityfs = securityfs;
  }

  /** The contexts that records name and no records before them did; those that the kernel has no text for are left out. */
  newIn(bytes: Uint8Array, read: RelayRead): [secid: number, text: string][] {
    const { shortBytes, longBytes } = abiCamflow09.framing;
    const recordBytes = read.stream.kind === 'long' ? longBytes : shortBytes;
    const view = new DataView(bytes.buffer, bytes.byteOffset, read.byteLength);
    const found: [number, string][] = [];
    for (let at = 0; at < read.byteLength; at += recordBytes) {
      // The uppermost bit of a type is that of relations, which have no security context.
      if (view.getInt32(at + typeHighOffset, true) <= 0) continue;
      const secid = view.getUint32(at + secidOffset, true);
      if (secid === 0 || this.#known.has(secid)) continue;
      if (this.#known.size >= maxKnown) this.#known.clear();
      this.#known.add(secid);
      const text = this.#securityfs.securityContext(secid);
      if (text !== undefined) found.push([secid, text]);
    }
    return found;
  }
}
