import { attachPrograms, detachPrograms } from './attachments.ts';
import type { CaptureSettings } from './capture-settings.ts';
import type { Channel } from './channel.ts';
import { underControlLock } from './control-lock.ts';
import { modes } from './layout.ts';
import { describeMachine } from './machine-identity.ts';
import { useSettings } from './use-settings.ts';

/**
 * Turns capture on or off for whoever reads the rings, without being the recorder: its mode, epoch and recorder stay.
 * Off, the programs are detached; what is said about files and processes stays.
 *
 * @throws CamflowError where nothing is pinned, or a program cannot be attached: capture stays as it was then
 */
export function switchCapture(channel: Channel, on: boolean): void {
  underControlLock(() => useSettings(channel, (settings) => (on ? turnOn : turnOff)(channel, settings)));
}

function turnOff(channel: Channel, settings: CaptureSettings): void {
  settings.write({ enabled: 0 });
  detachPrograms(channel);
}

function turnOn(channel: Channel, settings: CaptureSettings): void {
  const before = settings.read();
  if (before.enabled !== 0n) return;
  const { machineId, bootId, node } = describeMachine(before);
  channel.use('cf_machine', (map) => map.set(0, node));
  attachPrograms(channel);
  settings.write({
    machine_id: machineId,
    boot_id: bootId,
    modes: Number(before.modes) | modes.sieve | modes.spreads,
    // Where no recorder has said otherwise: all of it.
    argument_limit: before.argument_limit || 131_072,
    enabled: 1,
  });
}
