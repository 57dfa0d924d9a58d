import { closeSync } from 'node:fs';
import type { Channel } from './channel.ts';
import { checked, libbpf } from './libbpf.ts';

/** Runs a pinned program of type `syscall` once, in this process. */
export function runProgram({ programFolder }: Channel, name: string): void {
  const path = `${programFolder}/${name}`;
  const fd = checked('bpf_obj_get', path, libbpf().getPinned(path));
  try {
    // Options that hold nothing but their own size.
    const options = new Uint8Array(8);
    options[0] = options.length;
    checked('bpf_prog_test_run', name, libbpf().runProgram(fd, options));
  } finally {
    closeSync(fd);
  }
}
