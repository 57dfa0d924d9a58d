/** An IPv6 address as glibc's `inet_ntop` prints it: the longest run of two or more zero groups becomes `::`. */
export function ipv6Text(bytes: Uint8Array): string {
  const groups = Array.from({ length: 8 }, (_, i) => (bytes[2 * i]! << 8) | bytes[2 * i + 1]!);
  let start = -1;
  let length = 1;
  for (let i = 0; i < 8; i++) {
    let end = i;
    while (end < 8 && groups[end] === 0) end++;
    if (end - i > length) {
      start = i;
      length = end - i;
    }
    if (end > i) i = end - 1;
  }
  const dotted = start === 0 && (length === 6 || (length === 5 && groups[5] === 0xffff));
  const tail = dotted ? [bytes.subarray(12, 16).join('.')] : [];
  const texts = groups.slice(0, dotted ? 6 : 8).map((group) => group.toString(16));
  if (start < 0) return texts.join(':');
  const before = texts.slice(0, start).join(':');
  const after = [...texts.slice(start + length), ...tail].join(':');
  return `${before}::${after}`;
}
