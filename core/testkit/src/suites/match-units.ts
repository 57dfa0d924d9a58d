/** What was found on the other side. */
export interface Arrived {
  /** Numbers of the units that were found whole, in the order in which they were found. */
  readonly order: readonly number[];
  /** Bytes between them that belong to no whole unit. */
  readonly foreign: number;
}

/** Finds units, whole and by their numbers, in what was delivered. */
export function matchUnits(delivered: Uint8Array, units: readonly Uint8Array[]): Arrived {
  const bytes = Buffer.from(delivered.buffer, delivered.byteOffset, delivered.byteLength);
  const order: number[] = [];
  let foreign = 0;
  for (let at = 0; at < bytes.length; ) {
    const expected = (order.at(-1) ?? -1) + 1;
    const standsHere = (unit: Uint8Array | undefined): boolean =>
      unit !== undefined && unit.length > 0 && bytes.subarray(at, at + unit.length).equals(unit);
    const found = standsHere(units[expected]) ? expected : units.findIndex(standsHere);
    if (found >= 0) {
      order.push(found);
      at += units[found]!.length;
    } else {
      foreign++;
      at++;
    }
  }
  return { order, foreign };
}
