import { createRequire } from 'node:module';
import { CamflowError } from '@camflow/api';
import type { LibraryHandle } from 'koffi';
import { systemCallError } from '../libc/system-call-error.ts';
import { keepLibbpfLog, type LibbpfLog } from './libbpf-log.ts';

type Koffi = typeof import('koffi');

/** An object of libbpf: a pointer, as koffi gives it. Null where there is none. */
export type Pointer = bigint | null;

/** The functions of libbpf and of the C library that capture needs. They run on the calling thread. */
export interface Libbpf {
  readonly openObject: (path: string, options: null) => Pointer;
  readonly loadObject: (object: Pointer) => number;
  readonly closeObject: (object: Pointer) => void;
  readonly nextMap: (object: Pointer, previous: Pointer) => Pointer;
  readonly mapName: (map: Pointer) => string;
  readonly setMaxEntries: (map: Pointer, entries: number) => number;
  readonly pinMap: (map: Pointer, path: string) => number;
  readonly nextProgram: (object: Pointer, previous: Pointer) => Pointer;
  readonly programName: (program: Pointer) => string;
  readonly programSection: (program: Pointer) => string;
  readonly setAutoload: (program: Pointer, load: boolean) => number;
  /** Whether a program is to be loaded: those that are left out are not. */
  readonly programLoaded: (program: Pointer) => boolean;
  readonly attach: (program: Pointer) => Pointer;
  readonly pinProgram: (program: Pointer, path: string) => number;
  readonly pinLink: (link: Pointer, path: string) => number;
  readonly destroyLink: (link: Pointer) => number;
  readonly createMap: (
    type: number,
    name: string,
    keySize: number,
    valueSize: number,
    entries: number,
    options: null,
  ) => number;
  readonly pin: (fd: number, path: string) => number;
  readonly getPinned: (path: string) => number;
  readonly lookup: (fd: number, key: Uint8Array, value: Uint8Array) => number;
  readonly update: (fd: number, key: Uint8Array, value: Uint8Array, flags: bigint) => number;
  readonly remove: (fd: number, key: Uint8Array) => number;
  /** Fills in what the kernel says of a program; `size` holds how many bytes it may be. */
  readonly describe: (fd: number, info: Uint8Array, size: Uint32Array) => number;
  readonly nextKey: (fd: number, before: Uint8Array | null, next: Uint8Array) => number;
  /** Runs a program of type `syscall` once, in the calling process. The options are empty but for their size. */
  readonly runProgram: (fd: number, options: Uint8Array) => number;
  /** Attaches a loaded program to what it was loaded for. Returns the descriptor of the link. */
  readonly attachTracing: (name: null, fd: number) => number;
  /** Attaches a loaded program to a folder that is open, in one of its ways. Returns the descriptor of the link. */
  readonly attachTo: (fd: number, folder: number, way: number, options: null) => number;
  readonly kernelTypes: () => Pointer;
  readonly findType: (types: Pointer, name: string, kind: number) => number;
  readonly typeById: (types: Pointer, id: number) => Pointer;
  readonly freeTypes: (types: Pointer) => void;
  readonly map: (
    address: null,
    bytes: number,
    protection: number,
    flags: number,
    fd: number,
    offset: number,
  ) => bigint;
  readonly unmap: (address: bigint, bytes: number) => number;
  /** Memory at an address, shared, not copied. Make it once: it costs some 50 microseconds. */
  readonly view: (address: bigint, bytes: number) => ArrayBuffer;
  /** What libbpf says: nothing of it reaches the terminal by itself. */
  readonly log: LibbpfLog;
  /** The errno of the last call of this thread that failed. */
  readonly errno: () => number;
}

const require = createRequire(import.meta.url);
let loaded: Libbpf | undefined;

/**
 * Loads libbpf at the first call.
 * @throws CamflowError `SOURCE_UNAVAILABLE` where it is not installed
 */
export function libbpf(): Libbpf {
  loaded ??= bind();
  return loaded;
}

/** The value of a call that gives a negated errno. @throws CamflowError where it failed */
export function checked(call: string, subject: string, result: number): number {
  if (result < 0) throw systemCallError(call, subject, result);
  return result;
}

/** The pointer of a call that gives null and sets errno. @throws CamflowError where it failed */
export function checkedPointer(call: string, subject: string, result: Pointer): Pointer {
  if (result === null) throw systemCallError(call, subject, -libbpf().errno());
  return result;
}

function bind(): Libbpf {
  const koffi = require('koffi') as Koffi;
  const bpf = openLibrary(koffi);
  const libc = koffi.load(null);
  const from =
    (library: LibraryHandle) =>
    <Call>(prototype: string): Call =>
      library.func(prototype) as unknown as Call;
  const [b, c] = [from(bpf), from(libc)];
  return {
    openObject: b('void *bpf_object__open_file(const char *path, const void *options)'),
    loadObject: b('int bpf_object__load(void *object)'),
    closeObject: b('void bpf_object__close(void *object)'),
    nextMap: b('void *bpf_object__next_map(const void *object, const void *map)'),
    mapName: b('const char *bpf_map__name(const void *map)'),
    setMaxEntries: b('int bpf_map__set_max_entries(void *map, uint32_t entries)'),
    pinMap: b('int bpf_map__pin(void *map, const char *path)'),
    nextProgram: b('void *bpf_object__next_program(const void *object, void *program)'),
    programName: b('const char *bpf_program__name(const void *program)'),
    programSection: b('const char *bpf_program__section_name(const void *program)'),
    setAutoload: b('int bpf_program__set_autoload(void *program, bool load)'),
    programLoaded: b('bool bpf_program__autoload(const void *program)'),
    attach: b('void *bpf_program__attach(const void *program)'),
    pinProgram: b('int bpf_program__pin(void *program, const char *path)'),
    pinLink: b('int bpf_link__pin(void *link, const char *path)'),
    destroyLink: b('int bpf_link__destroy(void *link)'),
    createMap: b(
      'int bpf_map_create(int type, const char *name, uint32_t key, uint32_t value, uint32_t entries, const void *options)',
    ),
    pin: b('int bpf_obj_pin(int fd, const char *path)'),
    getPinned: b('int bpf_obj_get(const char *path)'),
    lookup: b('int bpf_map_lookup_elem(int fd, const void *key, void *value)'),
    update: b('int bpf_map_update_elem(int fd, const void *key, const void *value, uint64_t flags)'),
    remove: b('int bpf_map_delete_elem(int fd, const void *key)'),
    describe: b('int bpf_obj_get_info_by_fd(int fd, void *info, _Inout_ uint32_t *size)'),
    nextKey: b('int bpf_map_get_next_key(int fd, const void *before, void *next)'),
    runProgram: b('int bpf_prog_test_run_opts(int fd, void *options)'),
    attachTracing: b('int bpf_raw_tracepoint_open(const char *name, int fd)'),
    attachTo: b('int bpf_link_create(int fd, int target, int type, const void *options)'),
    kernelTypes: b('void *btf__load_vmlinux_btf(void)'),
    findType: b('int32_t btf__find_by_name_kind(const void *types, const char *name, uint32_t kind)'),
    typeById: b('const void *btf__type_by_id(const void *types, uint32_t id)'),
    freeTypes: b('void btf__free(void *types)'),
    map: c('void *mmap(void *address, size_t bytes, int protection, int flags, int fd, int64_t offset)'),
    unmap: c('int munmap(void *address, size_t bytes)'),
    view: (address, bytes) => koffi.view(address, bytes) as ArrayBuffer,
    log: keepLibbpfLog(koffi, bpf),
    errno: () => koffi.errno(),
  };
}

function openLibrary(koffi: Koffi): LibraryHandle {
  try {
    return koffi.load('libbpf.so.1');
  } catch (cause) {
    throw new CamflowError('SOURCE_UNAVAILABLE', 'libbpf.so.1 cannot be loaded', {
      hint: 'Install libbpf: `apt-get install libbpf1`, or `dnf install libbpf`.',
      cause,
    });
  }
}
