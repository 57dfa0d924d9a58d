import type { Run } from '@camflow/runtime';
import { formatBytes, formatCount } from './numbers.ts';

/** A terminal or file that progress is shown on. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const redrawMs = 200;
const plainMs = 2000;

/**
 * Shows how far a run is: one line redrawn in place on a terminal, a line every two seconds elsewhere.
 * @returns a function that ends the progress and clears the line
 */
export function showProgress(run: Run, stream: ProgressStream): () => void {
  const terminal = stream.isTTY === true;
  const draw = (): void => {
    const { recordsRead, bytesRead, elapsedMs, outputs } = run.report();
    const delivered = Math.min(...outputs.map((output) => output.delivered + output.filtered));
    const rate = elapsedMs > 0 ? Math.round((recordsRead * 1000) / elapsedMs) : 0;
    const text = `${formatCount(recordsRead)} records read (${formatBytes(bytesRead)}, ${formatCount(rate)}/s), ${formatCount(delivered)} settled`;
    stream.write(terminal ? `\r\u001b[K${text}` : `${text}\n`);
  };
  const timer = setInterval(draw, terminal ? redrawMs : plainMs);
  return () => {
    clearInterval(timer);
    if (terminal) stream.write('\r\u001b[K');
    else draw();
  };
}
