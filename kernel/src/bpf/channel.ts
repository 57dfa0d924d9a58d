import { existsSync, readdirSync } from 'node:fs';
import { CamflowError } from '@camflow/api';
import { defaultSocketPath } from '../control-socket/default-path.ts';
import { BpfMap } from './bpf-map.ts';
import { using } from './using.ts';

const mainFolder = '/sys/fs/bpf/camflow';
const furtherFolder = '/sys/fs/bpf/camflow-channels';
const validName = /^[A-Za-z0-9_-]{1,32}$/;

/** Whether a channel may be called so: up to 32 letters, digits, `_` and `-`. */
export function isChannelName(text: string): boolean {
  return validName.test(text);
}

/**
 * A set of BPF programs with maps, rings, a policy, counts and at most one recorder of its own. The main one has no name;
 * further ones beside it record the same machine by another policy, and none of them knows of the others, but that the
 * recorder of each is left out by all.
 */
export class Channel {
  /** The one that is meant where none is named. */
  static readonly main: Channel = new Channel(undefined, mainFolder);

  /** Up to 32 letters, digits, `_` and `-`; undefined for the main one. */
  readonly name: string | undefined;
  /** Folder in which its maps and rings are pinned. */
  readonly folder: string;

  private constructor(name: string | undefined, folder: string) {
    this.name = name;
    this.folder = folder;
  }

  /**
   * The channel of a name, there or not.
   * @param name - undefined for the main one
   * @throws CamflowError `CONFIG_BAD_VALUE` where it is no name of a channel
   */
  static named(name: string | undefined): Channel {
    if (name === undefined) return Channel.main;
    if (!isChannelName(name)) {
      throw new CamflowError(
        'CONFIG_BAD_VALUE',
        `${JSON.stringify(name.slice(0, 80))} is not the name of a channel`,
        { hint: 'Take up to 32 letters, digits, _ and -.' },
      );
    }
    return new Channel(name, `${furtherFolder}/${name}`);
  }

  /** Those of which something is pinned: the main one first, the others by name. */
  static all(): Channel[] {
    const names = existsSync(furtherFolder) ? readdirSync(furtherFolder).filter(isChannelName).sort() : [];
    return [Channel.main, ...names.map((name) => Channel.named(name))].filter(({ folder }) =>
      existsSync(folder),
    );
  }

  /** Folder of the pinned links; they keep programs attached when the process that attached them has ended. */
  get linkFolder(): string {
    return `${this.folder}/links`;
  }

  /** Folder of the pinned programs, attached or not. */
  get programFolder(): string {
    return `${this.folder}/programs`;
  }

  /** File whose lock is the right to read the rings. */
  get recorderLock(): string {
    return `/run/camflow/recorder${this.name === undefined ? '' : `-${this.name}`}.lock`;
  }

  /** Where its recorder serves programs of any user, unless told otherwise. */
  get socketPath(): string {
    return this.name === undefined ? defaultSocketPath : `/run/camflow/control-${this.name}.sock`;
  }

  /** What has to be added to a command so that it is about this channel. */
  get inCommands(): string {
    return this.name === undefined ? '' : ` --channel ${this.name}`;
  }

  /**
   * Opens one of its maps.
   * @throws CamflowError `SYSTEM_CALL_FAILED` or `PERMISSION_DENIED`
   */
  map(name: string): BpfMap {
    return BpfMap.pinned(`${this.folder}/${name}`);
  }

  /** Opens one of its maps, does something with it, and lets go of it. @throws CamflowError as {@link map} */
  use<Result>(name: string, task: (map: BpfMap) => Result): Result {
    return using(this.map(name), task);
  }
}

/**
 * On a CamFlow kernel there is the main one alone.
 * @throws CamflowError `UNSUPPORTED` for any other
 */
export function requireMainChannel({ name }: Channel): void {
  if (name === undefined) return;
  throw new CamflowError(
    'UNSUPPORTED',
    `There is no channel ${name} on a CamFlow kernel, which has had no extra channels since 0.8`,
    { hint: 'Give camflowd several outputs instead: output=log,mqtt.' },
  );
}
