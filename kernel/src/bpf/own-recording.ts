import { readFileSync } from 'node:fs';
import type { Channel } from './channel.ts';
import { underControlLock } from './control-lock.ts';
import { structures, writeStructure } from './layout.ts';
import { isCapturePinned } from './pin-folder.ts';
import { RecorderLock } from './recorder-lock.ts';
import { runProgram } from './run-program.ts';
import { useSettings } from './use-settings.ts';

/** What is asked of everything that may be tracked: see `struct cf_request`. */
const sweeps = { hold: 3, drop: 4 } as const;

/**
 * Begins a recording of somebody's own, of one command say: what is tracked for it alone, or is reached by its data, is
 * tracked no longer when it has ended. What is said about files and processes meanwhile stays.
 *
 * @throws CamflowError where nothing is pinned
 */
export function beginOwnRecording(channel: Channel): void {
  underControlLock(() => {
    sweep(channel, 'hold');
    setMode(channel, true);
  });
}

/**
 * Ends it, by whoever it was begun: the recorder may have been killed. Without one nothing changes. For whoever has the
 * lock of recorders: one of somebody who records is theirs to end.
 */
export function endOwnRecording(channel: Channel): void {
  underControlLock(() => {
    if (!isOwnRecording(channel)) return;
    setMode(channel, false);
    sweep(channel, 'drop');
  });
}

/**
 * Ends it after the recorder that began it has closed. Another one that has taken its place meanwhile ends it itself when
 * it enables capture, and may have begun one of its own by now.
 */
export function endOwnRecordingAfterwards(channel: Channel): void {
  const lock = RecorderLock.tryTake(channel);
  if (lock === undefined) return;
  try {
    if (isCapturePinned(channel)) endOwnRecording(channel);
  } finally {
    lock.release();
  }
}

/** Whether one was begun and not ended. */
export function isOwnRecording(channel: Channel): boolean {
  return useSettings(channel, (settings) => settings.mode('own'));
}

function setMode(channel: Channel, own: boolean): void {
  useSettings(channel, (settings) => settings.setMode('own', own));
}

/** Files, memory, sockets and the rest by the one program, tasks by the other, an iterator. */
function sweep(channel: Channel, what: keyof typeof sweeps): void {
  channel.use('cf_request', (map) => {
    const bytes = new Uint8Array(structures.cf_request.size);
    writeStructure('cf_request', bytes, { kind: sweeps[what] });
    map.set(0, bytes);
    runProgram(channel, 'cf_ask_file');
    readFileSync(`${channel.linkFolder}/cf_ask_process`);
  });
}
