import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fieldOf, isCamflowError } from '@camflow/api';
import { exchangeOnce, readOnce, writeOnce } from './control-file.ts';
import { secinfoQuestion, secinfoText } from './secinfo.ts';

/** Where CamFlow's kernel puts its control files. */
export const defaultSecurityfsFolder = '/sys/kernel/security/provenance';

/** Bit of `internal_flag`, and of the operation that sets it: records nothing of a process. */
const opaqueFlag = 0x02;

/** `struct prov_process_config`: a short record, the operation, and a process number that `self` ignores. */
const processConfigBytes = 264;
const processConfigOperation = 256;

/**
 * The control files of a CamFlow kernel that a recorder needs. Each call is one system call on one file, on the
 * calling thread; all throw CamflowError `PERMISSION_DENIED` or `SYSTEM_CALL_FAILED`.
 */
export class ProvenanceSecurityfs {
  readonly folder: string;

  constructor(folder: string = defaultSecurityfsFolder) {
    this.folder = folder;
  }

  /** Whether the folder is there: the kernel is CamFlow's and securityfs is mounted. */
  get isPresent(): boolean {
    return existsSync(this.folder);
  }

  /** Version of the kernel module, for example `v0.9.0`. */
  version(): string {
    return readOnce(this.#path('version'), 64).toString('latin1').trim();
  }

  /** Machine identifier, 0 before the relay was started. */
  machineId(): number {
    return this.#u32('machine_id');
  }

  /** Boot identifier, 0 before the relay was started. */
  bootId(): number {
    return this.#u32('boot_id');
  }

  /** Records that the kernel could not hand over since it started. */
  dropped(): number {
    const bytes = readOnce(this.#path('dropped'), 8);
    return bytes.length === 8 ? Number(bytes.readBigUInt64LE()) : 0;
  }

  /** Starts a new epoch: every node and name is published again at its next use. */
  changeEpoch(): void {
    writeOnce(this.#path('epoch'), Buffer.from('1'));
  }

  /** Closes the buffers that are being filled, on every CPU. */
  flush(): void {
    writeOnce(this.#path('flush'), Buffer.from('1'));
  }

  /** Makes the calling process opaque: the recorder does not record itself. */
  makeSelfOpaque(): void {
    const config = Buffer.alloc(processConfigBytes);
    config.writeUInt32LE(opaqueFlag, fieldOf('process', 'internal_flag').offset);
    config[processConfigOperation] = opaqueFlag;
    writeOnce(this.#path('self'), config);
  }

  /** The text of a security context; undefined where the kernel has none for this number. */
  securityContext(secid: number): string | undefined {
    const memory = secinfoQuestion(secid);
    try {
      exchangeOnce(this.#path('secctx'), memory);
    } catch (error) {
      // A number that the security module does not know is an error of the read.
      if (isCamflowError(error)) return undefined;
      throw error;
    }
    return secinfoText(memory, secid);
  }

  #u32(name: string): number {
    const bytes = readOnce(this.#path(name), 4);
    return bytes.length === 4 ? bytes.readUInt32LE() : 0;
  }

  #path(name: string): string {
    return join(this.folder, name);
  }
}
