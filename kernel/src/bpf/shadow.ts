import { isCamflowError } from '@camflow/api';
import { Channel } from './channel.ts';
import { askProcess } from './flag-requests.ts';
import { nodeFlags } from './layout.ts';
import { objectVersion } from './object-file.ts';
import { isCapturePinned } from './pin-folder.ts';
import { readSettings } from './use-settings.ts';

const { opaque } = nodeFlags;

/**
 * Keeps this process, which is the recorder of a channel, out of every other: what it writes would be recorded there, and
 * what the recorder there writes of that would be recorded here. What it starts is recorded from its execution on. Call
 * it under the control lock.
 * @returns the channels that did not leave it out before
 */
export function hideFromOthers(own: Channel): readonly Channel[] {
  return othersThan(own).filter((channel) => hide(channel, process.pid));
}

/** Ends that: this process records no longer, and goes on. A channel may be gone by now. */
export function showToOthers(channels: readonly Channel[]): void {
  for (const channel of channels.filter(isOurs)) askProcess(channel, process.pid, { clear: opaque });
}

/** Leaves the recorders of all other channels out of one that was just loaded. Call it under the control lock. */
export function hideRecorders(channel: Channel): void {
  for (const other of othersThan(channel)) {
    const recorder = Number(readSettings(other).recorder);
    if (recorder !== 0) hide(channel, recorder);
  }
}

/** @returns whether it was not hidden there */
function hide(channel: Channel, pid: number): boolean {
  try {
    if ((askProcess(channel, pid).flags & opaque) !== 0) return false;
    askProcess(channel, pid, { set: opaque });
    return true;
  } catch (error) {
    // Of another channel, it may have ended.
    if (isCamflowError(error) && error.code === 'SYSTEM_CALL_FAILED' && pid !== process.pid) return false;
    throw error;
  }
}

/** Those of another version are another installation's: what their maps mean is not known. */
function othersThan(own: Channel): Channel[] {
  return Channel.all().filter((channel) => channel.folder !== own.folder && isOurs(channel));
}

function isOurs(channel: Channel): boolean {
  return isCapturePinned(channel) && readSettings(channel).version === objectVersion();
}
