/** A program as the object file has it. */
export interface ProgramEntry {
  /** `cf_` and the hook. */
  readonly name: string;
  /** What it is to be attached to: `lsm/file_open`, `fexit/pipe_read`. */
  readonly section: string;
}

/** How many parameters a function of the kernel has; undefined where there is no such function. */
export type ParametersOf = (name: string) => number | undefined;

/**
 * Without a place there is nothing to see: on kernels that run no programs of 32 bits, before 6.2, where access lists go
 * the way of all other attributes, and from 6.5 on, where pages are sent as messages.
 */
const dispensable: ReadonlySet<string> = new Set([
  'compat_ioctl',
  'compat_mremap',
  'compat_vmsplice',
  'vfs_set_acl',
  'vfs_get_acl',
  'vfs_remove_acl',
  'inet_sendpage',
  'unix_stream_sendpage',
]);

/**
 * Whether a kernel has what a program is to be attached to. One whose name ends in a number is for a hook with as many
 * parameters: of such programs one fits.
 */
export function hasPlace({ name, section }: ProgramEntry, parametersOf: ParametersOf): boolean {
  const [, kind, target] = /^\??(lsm|fentry|fexit)(?:\.s)?\/(\w+)$/.exec(section) ?? [];
  if (target === undefined) return true;
  const [, hook, wanted] = /^cf_(\w+)_(\d+)$/.exec(name) ?? [];
  const there = parametersOf(kind === 'lsm' ? `bpf_lsm_${target}` : target) !== undefined;
  return there && (hook === undefined || parametersOf(`bpf_lsm_${hook}`) === Number(wanted));
}

/**
 * What no program sees: hooks for which none of the programs that stand for one another is loaded.
 * @param all - names of the programs in the object file
 * @param loaded - names of those of them that are loaded, or would be
 */
export function hooksWithoutProgram(all: readonly string[], loaded: Iterable<string>): readonly string[] {
  const seen = new Set([...loaded].map(hookOf));
  const missing = new Set(all.map(hookOf).filter((hook) => !seen.has(hook) && !dispensable.has(hook)));
  return [...missing].sort();
}

/** Programs of the same hook stand for one another: for other parameters, or for another name of the same function. */
function hookOf(program: string): string {
  return program.replace(/^cf_(?:anon_)?/, '').replace(/_\d+$/, '');
}
