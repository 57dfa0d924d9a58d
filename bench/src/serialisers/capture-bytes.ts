import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createStory } from '@camflow/testkit';

const captures = new URL('../../../../shared/captures/camflow-0.9.0/', import.meta.url);

/** Records of one kind, one after another. */
export interface CaptureBytes {
  /** Where they come from, for the result. */
  readonly origin: string;
  readonly short: Uint8Array;
  readonly long: Uint8Array;
}

/** Records of a real kernel where they are at hand, else a story of the generator. */
export function captureBytes(): CaptureBytes {
  return existsSync(captures) ? realCaptures() : story();
}

function realCaptures(): CaptureBytes {
  const member = (capture: string, file: string): Buffer => {
    const archive = fileURLToPath(new URL(`${capture}.dump.tar.xz`, captures));
    return execFileSync('tar', ['-xJOf', archive, `${capture}/${file}`], { maxBuffer: 1 << 28 });
  };
  const kind = (name: string): Buffer =>
    Buffer.concat(
      ['prop', 'tiny2'].flatMap((capture) => [0, 1].map((cpu) => member(capture, `${name}.cpu${cpu}.bin`))),
    );
  return { origin: 'captures of a CamFlow 0.9 kernel', short: kind('short'), long: kind('long') };
}

function story(): CaptureBytes {
  const parts = { short: [] as Uint8Array[], long: [] as Uint8Array[], mixed: [] as Uint8Array[] };
  for (const { stream, bytes } of createStory({ records: 12_000 }).chunks()) {
    parts[stream.kind].push(Uint8Array.from(bytes));
  }
  const [short, long] = [Buffer.concat(parts.short), Buffer.concat(parts.long)];
  return { origin: 'records of the generator', short, long };
}
