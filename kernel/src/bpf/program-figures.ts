import { closeSync, readdirSync } from 'node:fs';
import type { Channel } from './channel.ts';
import { checked, libbpf } from './libbpf.ts';

/** What the kernel says of one loaded program. */
export interface ProgramFigures {
  /** As in the object file: `cf_` and the hook. */
  readonly name: string;
  /** Instructions that the verifier looked at when it was loaded. */
  readonly verifiedInstructions: number;
  /** How often the kernel left it out because it was running already on that CPU: what it would have seen is missing. */
  readonly missed: number;
}

// Of struct bpf_prog_info, which only ever grows at its end.
const informationBytes = 232;
const offsets = { missed: 208, verifiedInstructions: 216 } as const;

/**
 * The programs that are pinned, by name.
 * @throws CamflowError where the kernel refuses to tell
 */
export function programFigures({ programFolder }: Channel): ProgramFigures[] {
  return readdirSync(programFolder)
    .sort()
    .map((name) => {
      const path = `${programFolder}/${name}`;
      const program = describe(checked('bpf_obj_get', path, libbpf().getPinned(path)), path);
      return {
        name,
        verifiedInstructions: program.getUint32(offsets.verifiedInstructions, true),
        missed: Number(program.getBigUint64(offsets.missed, true)),
      };
    });
}

/**
 * How often any of the pinned programs was left out because it was running already on that CPU.
 * @throws CamflowError where the kernel refuses to tell
 */
export function missedRuns(channel: Channel): number {
  return programFigures(channel).reduce((sum, { missed }) => sum + missed, 0);
}

/** Reads what the kernel says of a program, and closes it. */
function describe(fd: number, subject: string): DataView {
  try {
    const info = new Uint8Array(informationBytes);
    checked('bpf_obj_get_info_by_fd', subject, libbpf().describe(fd, info, Uint32Array.of(informationBytes)));
    return new DataView(info.buffer);
  } finally {
    closeSync(fd);
  }
}
