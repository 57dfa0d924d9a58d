import { Transform } from 'node:stream';
import { GuestError } from '../guest-error.ts';
import type { Terminal } from '../image/job-disk.ts';

/** Ctrl-], which ends a guest that no longer answers, as it ends a telnet session. */
const escapeKey = 0x1d;

/** The terminal of this process, handed to a shell in the guest. */
export interface OpenTerminal {
  readonly terminal: Terminal;
  /** Every key, as pressed: Ctrl-C goes to the guest. */
  readonly input: Transform;
  /** Gives the terminal back as it was. */
  close(): void;
}

/**
 * Takes the terminal over.
 * @param onEscape - called when the escape key is pressed
 * @throws GuestError where this process has no terminal
 */
export function openTerminal(onEscape: () => void): OpenTerminal {
  const { stdin, stdout } = process;
  if (!stdin.isTTY || !stdout.isTTY) throw new GuestError('a shell needs a terminal: name a command instead');
  const input = new Transform({
    transform(keys: Buffer, _encoding, done) {
      if (keys.includes(escapeKey)) onEscape();
      done(null, keys);
    },
  });
  stdin.setRawMode(true);
  stdin.pipe(input);
  return {
    terminal: { rows: stdout.rows, columns: stdout.columns, type: process.env['TERM'] ?? 'vt100' },
    input,
    close() {
      stdin.unpipe(input);
      stdin.setRawMode(false);
      stdin.pause();
    },
  };
}
