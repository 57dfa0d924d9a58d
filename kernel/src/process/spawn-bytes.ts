import { constants as access, accessSync } from 'node:fs';
import { constants } from 'node:os';
import { nativeCall } from '../libc/native-call.ts';
import { systemCallError } from '../libc/system-call-error.ts';

/** A program, and all that it is given. */
export interface ByteCommand {
  /** Its name or path, as it stands, and its arguments. */
  readonly words: readonly Uint8Array[];
  /** Each one `NAME=value`. */
  readonly environment: readonly Uint8Array[];
  /** Descriptors that it gets, and under which numbers; in this order. It gets no others. */
  readonly descriptors: readonly (readonly [own: number, its: number])[];
}

/** A program that runs. */
export interface SpawnedProcess {
  readonly pid: number;
  /** Sends it a signal; nothing where it has ended. */
  kill(signal: NodeJS.Signals): void;
  /** How it ended. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

type Strings = readonly (Uint8Array | null)[];

const spawn: (
  pid: Uint8Array,
  file: Uint8Array,
  actions: Uint8Array,
  attributes: Uint8Array,
  words: Strings,
  environment: Strings,
) => number = nativeCall<[Uint8Array, Uint8Array, Uint8Array, Uint8Array, Strings, Strings]>(
  'int posix_spawnp(void *pid, const void *file, const void *actions, const void *attributes, const void **words, const void **environment)',
);
const initActions = nativeCall<[Uint8Array]>('int posix_spawn_file_actions_init(void *actions)');
const destroyActions = nativeCall<[Uint8Array]>('int posix_spawn_file_actions_destroy(void *actions)');
const addDescriptor = nativeCall<[Uint8Array, number, number]>(
  'int posix_spawn_file_actions_adddup2(void *actions, int from, int to)',
);
const initAttributes = nativeCall<[Uint8Array]>('int posix_spawnattr_init(void *attributes)');
const setFlags = nativeCall<[Uint8Array, number]>(
  'int posix_spawnattr_setflags(void *attributes, short flags)',
);
const setDefaultSignals = nativeCall<[Uint8Array, Uint8Array]>(
  'int posix_spawnattr_setsigdefault(void *attributes, const void *set)',
);
const waitpid = nativeCall<[number, Uint8Array, number]>('int waitpid(int pid, void *status, int options)');

/** More than any C library's structures of these have. */
const structureBytes = 1024;
const signalSetBytes = 128;
/** The signal mask is set, to an empty one, and signals get their default actions: node ignores some. */
const [setsDefaultSignals, setsSignalMask] = [4, 8];
const withoutWaiting = 1;
const looksMs = 1000;
const shell = Buffer.from('/bin/sh');
const slash = '/'.charCodeAt(0);

/**
 * Starts a program with bytes where node's own `spawn` takes text only: arguments and environment need not be UTF-8. It
 * is looked for in the folders of our own PATH, and has our folder, process group and terminal, as with `spawn`.
 *
 * The C library makes the new process on this thread, as {@link asUser} needs it.
 * @throws CamflowError with the errno where it cannot be started
 */
export function spawnBytes({ words, environment, descriptors }: ByteCommand): SpawnedProcess {
  const actions = new Uint8Array(structureBytes);
  const attributes = new Uint8Array(structureBytes);
  check('posix_spawn_file_actions_init', initActions(actions));
  try {
    // Also a descriptor that keeps its number has to be named: node closes its own when a program is executed.
    for (const [own, its] of descriptors) {
      check('posix_spawn_file_actions_adddup2', addDescriptor(actions, own, its));
    }
    check('posix_spawnattr_init', initAttributes(attributes));
    check('posix_spawnattr_setflags', setFlags(attributes, setsDefaultSignals | setsSignalMask));
    check(
      'posix_spawnattr_setsigdefault',
      setDefaultSignals(attributes, new Uint8Array(signalSetBytes).fill(255, 0, 4)),
    );
    const pid = new Int32Array(1);
    const start = (strings: readonly Uint8Array[]): number => {
      const [file, asBytes] = [terminated(strings[0]!), new Uint8Array(pid.buffer)];
      return spawn(asBytes, file, actions, attributes, listOf(strings), listOf(environment));
    };
    const [program, ...args] = words as readonly [Uint8Array, ...Uint8Array[]];
    let result = start(words);
    // A script that names no interpreter is the shell's, as with `spawn`.
    if (result === constants.errno.ENOEXEC) result = start([shell, pathOf(program), ...args]);
    check('posix_spawn', result, Buffer.from(program).toString());
    return running(pid[0]!);
  } finally {
    destroyActions(actions);
  }
}

function running(pid: number): SpawnedProcess {
  let over = false;
  const ended = new Promise<Awaited<SpawnedProcess['ended']>>((resolve) => {
    const look = (): void => {
      const status = new Int32Array(1);
      if (over || waitpid(pid, new Uint8Array(status.buffer), withoutWaiting) === 0) return;
      over = true;
      process.off('SIGCHLD', look);
      clearInterval(timer);
      resolve(endOf(status[0]!));
    };
    process.on('SIGCHLD', look);
    // A listener of signals alone does not keep node from ending.
    const timer = setInterval(look, looksMs);
    // It may have been quicker than we are.
    setImmediate(look);
  });
  return {
    pid,
    ended,
    kill: (signal) => {
      if (!over) process.kill(pid, signal);
    },
  };
}

/** What wait(2) says of an end. */
function endOf(status: number): Awaited<SpawnedProcess['ended']> {
  const number = status & 0x7f;
  if (number === 0) return { code: (status >> 8) & 0xff, signal: null };
  const names = Object.entries(constants.signals) as [NodeJS.Signals, number][];
  return { code: null, signal: names.find(([, each]) => each === number)?.[0] ?? 'SIGKILL' };
}

/** Where a program is found: what has no slash in it, in the first folder of PATH that has it. */
function pathOf(program: Uint8Array): Uint8Array {
  if (program.includes(slash)) return program;
  const folders = (process.env['PATH'] ?? '').split(':').map((folder) => Buffer.from(folder || '.'));
  const paths = folders.map((folder) => Buffer.concat([folder, Buffer.of(slash), program]));
  return paths.find(isExecutable) ?? program;
}

function isExecutable(path: Buffer): boolean {
  try {
    accessSync(path, access.X_OK);
    return true;
  } catch {
    return false;
  }
}

function listOf(strings: readonly Uint8Array[]): Strings {
  return [...strings.map(terminated), null];
}

function terminated(string: Uint8Array): Uint8Array {
  return Buffer.concat([string, Buffer.of(0)]);
}

/** These return the errno instead of setting it. */
function check(call: string, result: number, subject = 'a new process'): void {
  if (result !== 0) throw systemCallError(call, subject, -Math.abs(result));
}
