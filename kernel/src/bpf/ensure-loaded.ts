import { CamflowError } from '@camflow/api';
import { Channel } from './channel.ts';
import { underControlLock } from './control-lock.ts';
import { loadPrograms, unloadPrograms } from './load-programs.ts';
import { isCapturePinned } from './pin-folder.ts';
import { hideRecorders } from './shadow.ts';

const defaultRingBytes = 8 * 2 ** 20;
/** Besides the main one. Every program of every one that is enabled runs at its hook. */
const mostChannels = 8;

/**
 * Loads the programs of a channel unless they are loaded; where another process is doing so, waits until it has. Takes seconds, for
 * which the thread is blocked.
 * @param ringBytes - size of each ring where they are made: a power of two; default 8 MiB
 * @throws CamflowError
 */
export function ensureLoaded(channel: Channel, ringBytes: number = defaultRingBytes): void {
  underControlLock(() => {
    if (isCapturePinned(channel)) return;
    // What a loader left that was killed: one that is at work has the lock.
    unloadPrograms(channel);
    requireRoom(channel);
    loadPrograms(channel, ringBytes);
    hideRecorders(channel);
  });
}

function requireRoom({ name }: Channel): void {
  const further = Channel.all().flatMap((each) => each.name ?? []);
  if (name === undefined || further.length < mostChannels) return;
  throw new CamflowError(
    'SOURCE_UNAVAILABLE',
    `Channel ${name} cannot be made: there are ${mostChannels} channels already (${further.join(', ')})`,
    { hint: 'Remove one of them first: camflow unload --channel NAME.' },
  );
}
