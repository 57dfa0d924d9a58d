import { closeSync, mkdirSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import type { CamflowError } from '@camflow/api';
import { systemCallError } from '../libc/system-call-error.ts';
import type { Channel } from './channel.ts';
import { numberIds } from './first-ids.ts';
import { structures, writeStructure } from './layout.ts';
import { checked, checkedPointer, libbpf, type Pointer } from './libbpf.ts';
import { programsRefused, ringRefused } from './load-refusals.ts';
import { LossLedger } from './loss-ledger.ts';
import { objectFile, objectVersion } from './object-file.ts';
import { requireOwnFolders } from './pin-folder.ts';
import { possibleCpus } from './possible-cpus.ts';
import { hasPlace, hooksWithoutProgram, type ParametersOf } from './program-places.ts';

const ringBufferType = 27;
const functionKind = 12;

/**
 * Loads the programs, makes the rings and pins everything. Nothing is attached: capture stays disabled. Takes seconds,
 * during which the thread is blocked. Where anything fails, nothing stays behind.
 *
 * @param ringBytes - size of the ring of each CPU: a power of two, at least a page
 * @throws CamflowError
 */
export function loadPrograms(channel: Channel, ringBytes: number): void {
  const { openObject, closeObject, loadObject } = libbpf();
  const file = objectFile();
  const object = checkedPointer('bpf_object__open_file', file, openObject(file, null));
  try {
    prepare(object);
    const result = loadObject(object);
    if (result < 0) throw refusal(file, result);
    for (const folder of [channel.linkFolder, channel.programFolder])
      mkdirSync(folder, { recursive: true, mode: 0o700 });
    // Not those that somebody else made just now.
    requireOwnFolders(channel);
    pinMaps(channel, object);
    makeRings(channel, ringBytes);
    LossLedger.make(channel);
    pinPrograms(channel, object);
    numberIds(channel);
    // Last: what has no version yet was not loaded to its end.
    markVersion(channel);
  } catch (error) {
    unloadPrograms(channel);
    throw error;
  } finally {
    closeObject(object);
  }
}

/**
 * Removes everything that is pinned: the programs are gone as soon as nobody else holds them. Legal where nothing is.
 * @returns whether there was anything
 * @throws CamflowError `SOURCE_UNAVAILABLE` where what is there is somebody else's
 */
export function unloadPrograms(channel: Channel): boolean {
  requireOwnFolders(channel);
  const { folder: pinFolder, linkFolder, programFolder } = channel;
  const unpin = (folder: string): boolean => {
    let names: string[];
    try {
      names = readdirSync(folder);
    } catch {
      return false;
    }
    for (const name of names.map((name) => `${folder}/${name}`))
      if (name !== linkFolder && name !== programFolder) unlinkSync(name);
    return true;
  };
  // The programs first: without their maps' names they could not be found again.
  for (const folder of [linkFolder, programFolder]) if (unpin(folder)) rmdirSync(folder);
  if (!unpin(pinFolder)) return false;
  rmdirSync(pinFolder);
  return true;
}

/**
 * The hooks and functions that capture would see, and for which no program is loaded as this kernel has no place for it:
 * it calls them otherwise, or its compiler made them part of another.
 * @param loaded - names of the programs that are; by default those that would be, which takes some tenths of a second
 * @throws CamflowError where libbpf is missing
 */
export function hooksNotSeen(loaded?: readonly string[]): readonly string[] {
  const { openObject, closeObject, programLoaded } = libbpf();
  const file = objectFile();
  const object = checkedPointer('bpf_object__open_file', file, openObject(file, null));
  try {
    if (loaded === undefined) prepare(object);
    const all = [...programs(object)];
    return hooksWithoutProgram(
      all.map(({ name }) => name),
      loaded ?? all.filter(({ pointer }) => programLoaded(pointer)).map(({ name }) => name),
    );
  } finally {
    closeObject(object);
  }
}

/** The kernel does not take the programs. They are offered once more, to hear why. */
function refusal(file: string, result: number): CamflowError {
  const { openObject, closeObject, loadObject, log } = libbpf();
  const lines = log.during(() => {
    const object = openObject(file, null);
    if (object === null) return;
    prepare(object);
    loadObject(object);
    closeObject(object);
  });
  return programsRefused(systemCallError('bpf_object__load', file, result), lines);
}

/** Leaves out programs for which this kernel has no hook, or one with other arguments. */
function prepare(object: Pointer): void {
  const { kernelTypes, freeTypes, setAutoload, setMaxEntries } = libbpf();
  const types = checkedPointer('btf__load_vmlinux_btf', 'the kernel', kernelTypes());
  const parameters: ParametersOf = (name) => parametersOf(types, name);
  for (const { pointer, name, section } of programs(object)) {
    checked('bpf_program__set_autoload', name, setAutoload(pointer, hasPlace({ name, section }, parameters)));
  }
  freeTypes(types);
  for (const { pointer, name } of maps(object)) {
    if (name === 'cf_rings')
      checked('bpf_map__set_max_entries', name, setMaxEntries(pointer, possibleCpus()));
  }
}

function parametersOf(types: Pointer, name: string): number | undefined {
  const { findType, typeById, view } = libbpf();
  const id = findType(types, name, functionKind);
  if (id < 0) return undefined;
  // struct btf_type: name, info, and for a function the id of its prototype, whose info counts the parameters.
  const wordsOf = (pointer: Pointer): Uint32Array => new Uint32Array(view(pointer as bigint, 12).slice(0));
  const prototype = typeById(types, wordsOf(typeById(types, id))[2]!);
  return wordsOf(prototype)[1]! & 0xffff;
}

function pinMaps({ folder }: Channel, object: Pointer): void {
  for (const { pointer, name } of maps(object)) {
    if (!/^cf_\w+$/.test(name)) continue;
    checked('bpf_map__pin', name, libbpf().pinMap(pointer, `${folder}/${name}`));
  }
}

function makeRings(channel: Channel, bytes: number): void {
  const rings = channel.map('cf_rings');
  for (let cpu = 0; cpu < possibleCpus(); cpu++) {
    const name = ringName(cpu);
    const fd = libbpf().createMap(ringBufferType, name, 0, 0, bytes, null);
    if (fd < 0) throw ringRefused(systemCallError('bpf_map_create', name, fd), bytes, possibleCpus());
    checked('bpf_obj_pin', name, libbpf().pin(fd, `${channel.folder}/${name}`));
    const value = Buffer.alloc(4);
    value.writeInt32LE(fd);
    rings.set(cpu, value);
    closeSync(fd);
  }
  rings.close();
}

/** Name under which the ring of a CPU is pinned. */
export function ringName(cpu: number): string {
  return `cf_ring_${cpu}`;
}

function markVersion(channel: Channel): void {
  const map = channel.map('cf_config');
  const config = map.need(0, structures.cf_config.size);
  writeStructure('cf_config', config, { version: objectVersion(), epoch: 1 });
  map.set(0, config);
  map.close();
}

/** Iterators run only when their link is read, and so are attached for good. The others are when capture is enabled. */
function pinPrograms({ linkFolder, programFolder }: Channel, object: Pointer): void {
  const { attach, pinProgram, pinLink, destroyLink, programLoaded } = libbpf();
  for (const { pointer, name, section } of programs(object)) {
    if (!programLoaded(pointer)) continue;
    checked('bpf_program__pin', name, pinProgram(pointer, `${programFolder}/${name}`));
    if (!section.startsWith('iter/')) continue;
    const link = checkedPointer('bpf_program__attach', name, attach(pointer));
    checked('bpf_link__pin', name, pinLink(link, `${linkFolder}/${name}`));
    destroyLink(link);
  }
}

function* programs(object: Pointer): Generator<{ pointer: Pointer; name: string; section: string }> {
  const { nextProgram, programName, programSection } = libbpf();
  for (let pointer = nextProgram(object, null); pointer !== null; pointer = nextProgram(object, pointer)) {
    yield { pointer, name: programName(pointer), section: programSection(pointer) };
  }
}

function* maps(object: Pointer): Generator<{ pointer: Pointer; name: string }> {
  const { nextMap, mapName } = libbpf();
  for (let pointer = nextMap(object, null); pointer !== null; pointer = nextMap(object, pointer)) {
    yield { pointer, name: mapName(pointer) };
  }
}
