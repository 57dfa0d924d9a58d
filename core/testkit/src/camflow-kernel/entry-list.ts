/** A list of the kernel: structures of one size, of which some bytes tell them apart. */
export interface EntryList {
  readonly bytes: number;
  /** Where the operation stands. */
  readonly operationAt: number;
  /** What tells entries apart. */
  readonly key: (entry: Buffer) => string;
  /** How the kernel keeps an entry that is new. */
  readonly keep?: (entry: Buffer) => void;
  /** Whether what is written adds to what an entry says. Default false: it is said in place of that. */
  readonly adds?: boolean;
}

/** Operation that removes an entry. */
const deleteOperation = 0x10;

/** What writing a structure does to a list: adds it, changes what it says where it stands, or removes it. */
export function changeList(
  { bytes, operationAt, key, keep, adds = false }: EntryList,
  list: Buffer[],
  written: Buffer,
): Buffer[] {
  const entry = Buffer.from(written.subarray(0, bytes));
  keep?.(entry);
  const operation = entry[operationAt]!;
  const known = list.find((other) => key(other) === key(entry));
  if (operation & deleteOperation) return list.filter((other) => other !== known);
  if (known === undefined) return [...list, entry];
  known[operationAt] = adds ? known[operationAt]! | operation : operation;
  return list;
}

/** The lists by the name of their control file. */
export const entryLists: Readonly<Record<string, EntryList>> = {
  ipv4_ingress: ipv4(),
  ipv4_egress: ipv4(),
  uid: { bytes: 16, operationAt: 4, key: (entry) => entry.toString('hex', 0, 4) },
  gid: { bytes: 16, operationAt: 4, key: (entry) => entry.toString('hex', 0, 4) },
  ns: { bytes: 40, operationAt: 24, key: (entry) => entry.toString('hex', 0, 24) },
  secctx_filter: { bytes: 4120, operationAt: 4104, key: (entry) => entry.toString('hex', 4, 4104) },
};

function ipv4(): EntryList {
  return {
    bytes: 24,
    operationAt: 10,
    adds: true,
    key: (entry) => entry.toString('hex', 0, 10),
    keep: (entry) => {
      for (let at = 0; at < 4; at++) entry[at]! &= entry[4 + at]!;
    },
  };
}
