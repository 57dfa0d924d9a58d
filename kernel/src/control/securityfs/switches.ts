import { type SwitchControl, type Switches, type SwitchName, switchNames } from '../switches.ts';
import type { ControlFiles } from './control-files.ts';

const fileOf: Readonly<Record<SwitchName, string>> = {
  enabled: 'enable',
  all: 'all',
  version: 'should_version',
  compressNode: 'compress_node',
  compressEdge: 'compress_edge',
  duplicate: 'duplicate',
};

/** The digits of a boolean file; the kernel parses up to a NUL, which it does not add itself. */
const texts = { on: Buffer.from('1\0'), off: Buffer.from('0\0') };

/** Switches of a CamFlow kernel. */
export class SecurityfsSwitches implements SwitchControl {
  readonly #files: ControlFiles;

  constructor(files: ControlFiles) {
    this.#files = files;
  }

  read(): Switches {
    return Object.fromEntries(
      switchNames.map((name) => [name, this.#flag(fileOf[name])]),
    ) as unknown as Switches;
  }

  said(name: SwitchName): boolean {
    return this.#flag(fileOf[name]);
  }

  set(name: SwitchName, on: boolean): void {
    this.#files.write(fileOf[name], on ? texts.on : texts.off);
  }

  captured(): boolean {
    return this.#flag('written');
  }

  #flag(file: string): boolean {
    const text = this.#files.read(file, texts.on.length);
    return text.length > 0 && text[0] !== 0x30;
  }
}
