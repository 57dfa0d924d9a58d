/** Dates beyond this have no four-digit year. */
const latestMs = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

/** Writes the date of the batch. */
export interface DateWriter {
  /** Changes with the date. */
  readonly batch: number;
  /** Takes over the date of a batch, in milliseconds since 1970. Dates outside 1970 to 9999 are moved to that range. */
  set(capturedAtMs: number): void;
  /** `YYYY:MM:DDTHH:MM:SS`; returns where the text ends. */
  camflow(p: number): number;
  /** ISO 8601 with milliseconds and `Z`. */
  iso(p: number): number;
}

/** Makes a writer into a buffer. Writes up to five bytes more than it reports. */
export function createDateWriter(out: DataView): DateWriter {
  let current = Number.NaN;
  const iso = new Float64Array(3);
  const camflow = new Float64Array(3);
  const writer = {
    batch: 0,
    set(capturedAtMs: number): void {
      const ms = Number.isNaN(capturedAtMs) ? 0 : Math.min(Math.max(Math.trunc(capturedAtMs), 0), latestMs);
      if (ms === current) return;
      current = ms;
      writer.batch++;
      const text = new Date(ms).toISOString();
      Buffer.from(iso.buffer).write(text);
      Buffer.from(camflow.buffer).write(text.slice(0, 10).replaceAll('-', ':') + text.slice(10, 19));
    },
    camflow: (p: number): number => copy(p, camflow) + 19,
    iso: (p: number): number => copy(p, iso) + 24,
  };
  function copy(p: number, text: Float64Array): number {
    out.setFloat64(p, text[0]!, true);
    out.setFloat64(p + 8, text[1]!, true);
    out.setFloat64(p + 16, text[2]!, true);
    return p;
  }
  return writer;
}
