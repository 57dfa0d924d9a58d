import { join, resolve } from 'node:path';
import { CamflowError } from '@camflow/api';
import { defaultSecurityfsFolder } from '@camflow/kernel';
import type { Places } from '../composition/tokens.ts';

/** What a command line says of where things are. */
export interface PlaceOptions {
  readonly securityfs?: string;
  readonly state?: string;
  /** Name of a channel, whose programs are told other things than the main ones. */
  readonly channel?: string;
}

/**
 * Where camconfd remembers what it applied, and has the identifiers of the machine. What is tried out on other control
 * files than the kernel's must not be taken for what the machine was told: it needs a folder of its own.
 * @param usual - the places of the machine
 * @throws CamflowError `USAGE` where there is none
 */
export function choosePlaces({ securityfs, state, channel }: PlaceOptions, usual: Places): Places {
  if (state !== undefined) return { stateFolder: state, identity: { etc: state, run: state } };
  if (securityfs === undefined || resolve(securityfs) === defaultSecurityfsFolder) {
    return channel === undefined
      ? usual
      : { ...usual, stateFolder: join(usual.stateFolder, 'channels', channel) };
  }
  throw new CamflowError(
    'USAGE',
    `What is applied to ${securityfs} must not be remembered as what this machine was told`,
    { hint: 'Name a folder for it with --state.' },
  );
}
