const grouped = new Intl.NumberFormat('en-US');
const byteUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];

/** 1234567 -> `1,234,567`. */
export function formatCount(value: number): string {
  return grouped.format(value);
}

/** A count with its noun: `1 record`, `2 records`. */
export function formatCounted(value: number, noun: string): string {
  return `${formatCount(value)} ${noun}${value === 1 ? '' : 's'}`;
}

/** 5559231 -> `5.3 MiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < byteUnits.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${byteUnits[unit]}`;
}

/** 1234 -> `1.2 s`, 56 -> `56 ms`. */
export function formatDuration(milliseconds: number): string {
  return milliseconds < 1000 ? `${Math.round(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}
