import { noSuchProcess } from '../../libc/no-such-process.ts';
import { errnoName } from '../../libc/system-call-error.ts';
import { bitsOfChange, type MarkChange } from '../marks.ts';
import {
  flagsOffset,
  nodeBytes,
  type ProcessControl,
  type ProvenanceNode,
  readNode,
  taintOffset,
} from '../provenance-node.ts';
import type { ControlFiles } from './control-files.ts';

const configBytes = 264;
const operationAt = 256;
const pidAt = 260;
/** Operation that adds taint. */
const taintOperation = 0x08;

/** Processes of a CamFlow kernel. */
export class SecurityfsProcesses implements ProcessControl {
  readonly #files: ControlFiles;

  constructor(files: ControlFiles) {
    this.#files = files;
  }

  read(pid: number): ProvenanceNode {
    const memory = Buffer.alloc(configBytes);
    memory.writeInt32LE(pid, pidAt);
    ofProcess(pid, () => this.#files.exchange('process', memory));
    return readNode(memory);
  }

  mark(pid: number, change: MarkChange): void {
    const config = configOf(change);
    config.writeInt32LE(pid, pidAt);
    ofProcess(pid, () => this.#files.write('process', config));
  }

  readSelf(): ProvenanceNode {
    return readNode(this.#files.read('self', nodeBytes));
  }

  markSelf(change: MarkChange): void {
    this.#files.write('self', configOf(change));
  }
}

/** `struct prov_process_config`: a short record, the operation, and the number of the process. */
function configOf(change: MarkChange): Buffer {
  const { affected, values } = bitsOfChange(change);
  const taint = change.taint ?? 0n;
  const config = Buffer.alloc(configBytes);
  config.writeUInt32LE(values, flagsOffset);
  config.writeBigUInt64LE(taint, taintOffset);
  config[operationAt] = affected | (taint === 0n ? 0 : taintOperation);
  return config;
}

function ofProcess(pid: number, call: () => void): void {
  try {
    call();
  } catch (error) {
    if (errnoName(error) !== 'EINVAL') throw error;
    throw noSuchProcess(pid, error);
  }
}
