import { closeSync, readdirSync } from 'node:fs';
import { pinFolder } from './layout.ts';
import { checked, libbpf } from './libbpf.ts';
import { linkFolder } from './load-programs.ts';

/** What the kernel says of one loaded program. */
export interface ProgramFigures {
  /** As in the object file: `cf_` and the hook. */
  readonly name: string;
  /** Instructions that the verifier looked at when it was loaded. */
  readonly verifiedInstructions: number;
  /** How often the kernel left it out because it was running already on that CPU: what it would have seen is missing. */
  readonly missed: number;
}

// Offsets in struct bpf_link_info and struct bpf_prog_info, which only ever grow at their ends.
const linkInfo = { bytes: 64, programId: 8 };
const programInfo = { bytes: 232, missed: 208, verifiedInstructions: 216 };

/**
 * The programs that are pinned, by name.
 * @throws CamflowError where the kernel refuses to tell
 */
export function programFigures(): ProgramFigures[] {
  return readdirSync(linkFolder)
    .sort()
    .map((name) => {
      const path = `${linkFolder}/${name}`;
      const link = describe(checked('bpf_obj_get', path, libbpf().getPinned(path)), linkInfo.bytes, path);
      const id = link.getUint32(linkInfo.programId, true);
      const fd = checked('bpf_prog_get_fd_by_id', `${pinFolder} ${name}`, libbpf().programFd(id));
      const program = describe(fd, programInfo.bytes, name);
      return {
        name,
        verifiedInstructions: program.getUint32(programInfo.verifiedInstructions, true),
        missed: Number(program.getBigUint64(programInfo.missed, true)),
      };
    });
}

/** Reads what the kernel says of an object, and closes it. */
function describe(fd: number, bytes: number, subject: string): DataView {
  try {
    const info = new Uint8Array(bytes);
    checked('bpf_obj_get_info_by_fd', subject, libbpf().describe(fd, info, Uint32Array.of(bytes)));
    return new DataView(info.buffer);
  } finally {
    closeSync(fd);
  }
}
