/** What can be read of a function in an object file of BPF programs. */
interface BpfFunction {
  readonly name: string;
  readonly section: number;
  /** Where it begins in its section, and its length, in instructions. */
  readonly start: number;
  readonly length: number;
  /** Stack that it uses itself. */
  readonly stackBytes: number;
  /** Places in sections of the functions that it calls, or hands over to be called. */
  readonly calls: readonly Place[];
}

interface Place {
  readonly section: number;
  readonly instruction: number;
}

/** A program of an object file, with all that it may call. */
export interface ObjectProgram {
  readonly name: string;
  /** Where it is attached: `lsm/file_open`. */
  readonly section: string;
  /** Instructions that the kernel is given for it: its own, and those of every function that it may call. */
  readonly instructions: number;
  /** Its own. */
  readonly ownInstructions: number;
  /** The most stack that is in use at once, as the verifier adds it up; it takes no program with more than 512. */
  readonly stackBytes: number;
  /** The functions that are in use then. */
  readonly deepest: readonly string[];
}

const instructionBytes = 8;
/** The verifier counts a frame as whole pieces of this size. */
const framePieceBytes = 32;
const call = 0x85;
const loadAddress = 0x18;
const callOfFunction = 1;
const framePointer = 10;
const executable = 4;
const functionSymbol = 2;
const sectionSymbol = 3;

/** Reads an object file, as the linker of bpftool writes it: 64 bits, little-endian. */
export function programsOf(object: Uint8Array): ObjectProgram[] {
  const { functions, sectionNames } = readFunctions(
    new DataView(object.buffer, object.byteOffset, object.length),
  );
  const at = (place: Place): BpfFunction | undefined =>
    functions.find(({ section, start }) => section === place.section && start === place.instruction);
  const callees = new Map(
    functions.map((each) => [each, [...new Set(each.calls.map(at).filter((found) => found !== undefined))]]),
  );
  const reached = (from: BpfFunction, found = new Set<BpfFunction>()): Set<BpfFunction> => {
    if (!found.has(from)) {
      found.add(from);
      for (const callee of callees.get(from) ?? []) reached(callee, found);
    }
    return found;
  };
  const deepest = (from: BpfFunction): { bytes: number; chain: string[] } => {
    const below = (callees.get(from) ?? []).map(deepest).sort((a, b) => b.bytes - a.bytes)[0];
    const own = Math.ceil(Math.max(from.stackBytes, 1) / framePieceBytes) * framePieceBytes;
    return { bytes: own + (below?.bytes ?? 0), chain: [`${from.name} ${own}`, ...(below?.chain ?? [])] };
  };
  return functions
    .filter(({ section }) => sectionNames[section] !== '.text')
    .map((program) => {
      const { bytes, chain } = deepest(program);
      return {
        name: program.name,
        section: sectionNames[program.section]!.replace('?', ''),
        instructions: [...reached(program)].reduce((sum, { length }) => sum + length, 0),
        ownInstructions: program.length,
        stackBytes: bytes,
        deepest: chain,
      };
    })
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

interface Section {
  readonly name: number;
  readonly type: number;
  readonly flags: number;
  readonly offset: number;
  readonly size: number;
  readonly link: number;
  readonly info: number;
}

interface Symbol {
  readonly name: string;
  readonly kind: number;
  readonly section: number;
  readonly value: number;
  readonly size: number;
}

function readFunctions(view: DataView): { functions: BpfFunction[]; sectionNames: string[] } {
  const sections = readSections(view);
  const names = sections[view.getUint16(62, true)]!;
  const sectionNames = sections.map(({ name }) => textAt(view, names.offset + name));
  const table = sections.find(({ type }) => type === 2)!;
  const symbols = readSymbols(view, table, sections[table.link]!);
  const relocations = new Map<number, Map<number, Symbol>>();
  for (const section of sections.filter(({ type }) => type === 9)) {
    const found = new Map<number, Symbol>();
    for (let at = section.offset; at < section.offset + section.size; at += 16) {
      found.set(
        Number(view.getBigUint64(at, true)) / instructionBytes,
        symbols[view.getUint32(at + 12, true)]!,
      );
    }
    relocations.set(section.info, found);
  }
  const functions = symbols
    .filter(({ kind, section }) => kind === functionSymbol && (sections[section]?.flags ?? 0) & executable)
    .map(({ name, section, value, size }) => {
      const start = value / instructionBytes;
      const length = size / instructionBytes;
      const code = { view, at: sections[section]!.offset, section, start, length };
      const calls = callsOf(code, relocations.get(section) ?? new Map(), sections);
      return { name, section, start, length, stackBytes: stackOf(code), calls };
    });
  return { functions, sectionNames };
}

interface Code {
  readonly view: DataView;
  /** Of the section. */
  readonly at: number;
  readonly section: number;
  readonly start: number;
  readonly length: number;
}

function callsOf(
  code: Code,
  relocations: ReadonlyMap<number, Symbol>,
  sections: readonly Section[],
): Place[] {
  const { view, at, section, start, length } = code;
  const places: Place[] = [];
  for (let i = start; i < start + length; i++) {
    const byte = at + i * instructionBytes;
    const operation = view.getUint8(byte);
    const registers = view.getUint8(byte + 1);
    const immediate = view.getInt32(byte + 4, true);
    const symbol = relocations.get(i);
    if (operation === call && registers >> 4 === callOfFunction) {
      if (symbol === undefined) places.push({ section, instruction: i + 1 + immediate });
      else {
        const inside = symbol.kind === sectionSymbol ? immediate + 1 : symbol.value / instructionBytes;
        places.push({ section: symbol.section, instruction: inside });
      }
    }
    if (operation === loadAddress) {
      if (symbol !== undefined && (sections[symbol.section]?.flags ?? 0) & executable) {
        const inside = symbol.kind === sectionSymbol ? immediate : symbol.value;
        places.push({ section: symbol.section, instruction: inside / instructionBytes });
      }
      i++;
    }
  }
  return places;
}

/** The lowest place below the frame pointer that is named: by an access, or where an address is made of it. */
function stackOf({ view, at, start, length }: Code): number {
  let lowest = 0;
  const copies = new Set<number>();
  for (let i = start; i < start + length; i++) {
    const byte = at + i * instructionBytes;
    const operation = view.getUint8(byte);
    const registers = view.getUint8(byte + 1);
    const [target, source] = [registers & 15, registers >> 4];
    const offset = view.getInt16(byte + 2, true);
    const kind = operation & 7;
    if (operation === loadAddress) i++;
    if ((kind === 1 && source === framePointer) || ((kind === 2 || kind === 3) && target === framePointer))
      lowest = Math.min(lowest, offset);
    // A copy of the frame pointer, and what is added to it.
    if (operation === 0xbf && source === framePointer) copies.add(target);
    else if (operation === 0x07 && copies.has(target)) {
      lowest = Math.min(lowest, view.getInt32(byte + 4, true));
      copies.delete(target);
    } else if (kind === 7 || kind === 4 || kind === 1) copies.delete(target);
  }
  return -lowest;
}

function readSections(view: DataView): Section[] {
  const at = Number(view.getBigUint64(40, true));
  return Array.from({ length: view.getUint16(60, true) }, (_, index) => {
    const header = at + index * view.getUint16(58, true);
    const number = (offset: number): number => Number(view.getBigUint64(header + offset, true));
    return {
      name: view.getUint32(header, true),
      type: view.getUint32(header + 4, true),
      flags: number(8),
      offset: number(24),
      size: number(32),
      link: view.getUint32(header + 40, true),
      info: view.getUint32(header + 44, true),
    };
  });
}

function readSymbols(view: DataView, table: Section, names: Section): Symbol[] {
  return Array.from({ length: table.size / 24 }, (_, index) => {
    const at = table.offset + index * 24;
    return {
      name: textAt(view, names.offset + view.getUint32(at, true)),
      kind: view.getUint8(at + 4) & 15,
      section: view.getUint16(at + 6, true),
      value: Number(view.getBigUint64(at + 8, true)),
      size: Number(view.getBigUint64(at + 16, true)),
    };
  });
}

function textAt(view: DataView, at: number): string {
  let end = at;
  while (view.getUint8(end) !== 0) end++;
  return Buffer.from(view.buffer, view.byteOffset + at, end - at).toString();
}
