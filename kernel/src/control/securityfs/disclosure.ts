import { fieldOf, nodeTypeNamed, relationTypeNamed, shapes } from '@camflow/api';
import {
  attributeText,
  type DisclosedAttributes,
  type DisclosedClass,
  type DisclosedRelation,
  type DisclosureControl,
} from '../disclosure.ts';
import type { ControlFiles } from './control-files.ts';

const longRecordBytes = 4280;
const offset = (name: string): number => fieldOf('disclosed', name).offset;

/**
 * Disclosure to a CamFlow kernel. Only types of disclosure are ever written: the kernel believes what it is told, and
 * stops at some other ones.
 */
export class SecurityfsDisclosure implements DisclosureControl {
  readonly #files: ControlFiles;

  constructor(files: ControlFiles) {
    this.#files = files;
  }

  node(nodeClass: DisclosedClass, attributes: DisclosedAttributes): Uint8Array {
    const content = Buffer.from(attributeText(attributes));
    const record = Buffer.alloc(longRecordBytes);
    record.writeBigUInt64LE(nodeTypeNamed(`disc_${nodeClass}`)!.code, offset('type'));
    record.writeBigUInt64LE(BigInt(content.length), offset('length'));
    record.set(content, offset('content'));
    this.#files.write('node', record);
    // What the kernel made of it, with the identifier it gave.
    const made = this.#files.read('node', longRecordBytes);
    return Uint8Array.prototype.slice.call(made, 0, 32);
  }

  relation(relation: DisclosedRelation, from: Uint8Array, to: Uint8Array): void {
    const record = Buffer.alloc(shapes.get('relation')!.size);
    record.writeBigUInt64LE(relationTypeNamed(`${relation}_disc`)!.code, fieldOf('relation', 'type').offset);
    record.set(from.subarray(0, 32), fieldOf('relation', 'snd').offset);
    record.set(to.subarray(0, 32), fieldOf('relation', 'rcv').offset);
    this.#files.write('relation', record);
  }
}
