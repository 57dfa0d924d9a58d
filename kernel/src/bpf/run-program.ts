import { closeSync } from 'node:fs';
import type { Channel } from './channel.ts';
import { checked, libbpf } from './libbpf.ts';

/** Of `struct bpf_test_run_opts` up to its member `retval`. */
const optionBytes = 64;
const resultAt = 56;

/**
 * Runs a pinned program of type `syscall` once, in this process.
 * @returns what the program does: 32 bits without a sign
 */
export function runProgram({ programFolder }: Channel, name: string): number {
  const path = `${programFolder}/${name}`;
  const fd = checked('bpf_obj_get', path, libbpf().getPinned(path));
  try {
    // Options that hold nothing but their own size.
    const options = Buffer.alloc(optionBytes);
    options[0] = optionBytes;
    checked('bpf_prog_test_run', name, libbpf().runProgram(fd, options));
    return options.readUInt32LE(resultAt);
  } finally {
    closeSync(fd);
  }
}
