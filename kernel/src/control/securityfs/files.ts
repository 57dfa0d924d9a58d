import { CamflowError } from '@camflow/api';
import { bitsOfChange, type MarkChange } from '../marks.ts';
import {
  type FileControl,
  type FileTarget,
  flagsOffset,
  nodeBytes,
  type ProvenanceNode,
  readNode,
  taintOffset,
} from '../provenance-node.ts';
import type { FileAttribute } from './file-attribute.ts';

/**
 * Files of a CamFlow kernel, through an extended attribute that shows the node as it is in memory. Setting it takes
 * over flags and taint only; everything else is written as it was read, because file systems store all of it.
 */
export class SecurityfsFiles implements FileControl {
  readonly #attribute: FileAttribute;

  constructor(attribute: FileAttribute) {
    this.#attribute = attribute;
  }

  read(target: FileTarget): ProvenanceNode {
    return readNode(this.#bytes(target));
  }

  mark(target: FileTarget, change: MarkChange): void {
    const bytes = this.#bytes(target);
    const { affected, values } = bitsOfChange(change);
    bytes.writeUInt32LE(((bytes.readUInt32LE(flagsOffset) & ~affected) | values) >>> 0, flagsOffset);
    bytes.writeBigUInt64LE(bytes.readBigUInt64LE(taintOffset) | (change.taint ?? 0n), taintOffset);
    this.#attribute.set(target, bytes);
  }

  listOthers(): [] {
    return [];
  }

  save(): never {
    throw keptWithTheFile();
  }

  load(): never {
    throw keptWithTheFile();
  }

  #bytes(target: FileTarget): Buffer {
    const bytes = this.#attribute.get(target, nodeBytes);
    if (bytes.length !== nodeBytes) {
      throw new CamflowError(
        'SYSTEM_CALL_FAILED',
        `The kernel's node of ${target} has ${bytes.length} bytes`,
        {
          hint: `CamFlow 0.9 has ${nodeBytes}: is this its kernel?`,
        },
      );
    }
    return bytes;
  }
}

function keptWithTheFile(): CamflowError {
  return new CamflowError(
    'UNSUPPORTED',
    'CamFlow 0.9 keeps what is said about a file in an attribute of that file',
    {
      hint: 'Nothing has to be saved.',
    },
  );
}
