import { CamflowError } from '@camflow/api';
import type { CaptureVersion } from '../effective-policy.ts';
import type { Drops, RecordingControl, RelayRequest } from '../provenance-control.ts';
import type { ControlFiles } from './control-files.ts';

const mostTextBytes = 256;
const anything = Buffer.from('1');

/**
 * The kernel panics where it cannot make its buffers.
 * @throws CamflowError `CONFIG_BAD_VALUE`
 */
export function requirePossibleRelay({
  bufferExponent,
  buffers,
}: Pick<RelayRequest, 'bufferExponent' | 'buffers'>): void {
  const fits = bufferExponent >= 12 && bufferExponent <= 30 && buffers >= 1;
  if (fits && 2 ** bufferExponent * buffers <= 2 ** 32) return;
  throw new CamflowError(
    'CONFIG_BAD_VALUE',
    `Relay buffers of 2^${bufferExponent} bytes, ${buffers} of them, are not possible`,
    { hint: 'Take buff_exp=20 and subuf_nb=8, which is 8 MiB per CPU and channel.' },
  );
}

/** Identity and hand-over of a CamFlow kernel. */
export class SecurityfsRecording implements RecordingControl {
  readonly #files: ControlFiles;

  constructor(files: ControlFiles) {
    this.#files = files;
  }

  machineId(): number {
    return this.#number('machine_id');
  }

  bootId(): number {
    return this.#number('boot_id');
  }

  isThere(): boolean {
    return true;
  }

  isPrepared(): boolean {
    return this.bootId() !== 0;
  }

  ringBytes(): undefined {
    return undefined;
  }

  version(): CaptureVersion {
    const text = (name: string): string => this.#files.read(name, mostTextBytes).toString('latin1').trim();
    return { version: text('version'), commit: text('commit') };
  }

  prepare({ machineId, bootId, bufferExponent, buffers }: RelayRequest): void {
    requirePossibleRelay({ bufferExponent, buffers });
    const config = Buffer.alloc(16);
    for (const [at, value] of [bootId, machineId, bufferExponent, buffers].entries()) {
      config.writeUInt32LE(value, 4 * at);
    }
    this.#files.write('relay_conf', config);
  }

  changeEpoch(): void {
    this.#files.write('epoch', anything);
  }

  flush(): void {
    this.#files.write('flush', anything);
  }

  drops(): Drops {
    const total = Number(this.#files.read('dropped', 8).readBigUInt64LE());
    return { total, causes: { ring_full: total } };
  }

  #number(name: string): number {
    return this.#files.read(name, 4).readUInt32LE();
  }
}
