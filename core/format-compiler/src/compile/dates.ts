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

/** Makes a writer into a buffer. */
export function createDateWriter(out: Uint8Array): DateWriter {
  let current = Number.NaN;
  let iso = '';
  const writer = {
    batch: 0,
    set(capturedAtMs: number): void {
      const ms = Number.isNaN(capturedAtMs) ? 0 : Math.min(Math.max(Math.trunc(capturedAtMs), 0), latestMs);
      if (ms === current) return;
      current = ms;
      iso = new Date(ms).toISOString();
      writer.batch++;
    },
    camflow: (p: number): number => put(p, iso.slice(0, 10).replaceAll('-', ':') + iso.slice(10, 19)),
    iso: (p: number): number => put(p, iso),
  };
  function put(p: number, text: string): number {
    for (let i = 0; i < text.length; i++) out[p + i] = text.charCodeAt(i);
    return p + text.length;
  }
  return writer;
}
