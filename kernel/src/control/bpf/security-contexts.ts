import { CamflowError } from '@camflow/api';

/** Modules whose contexts the programs find: cf_secid in kernel/bpf/policy.bpf.c. */
const known: readonly string[] = ['apparmor'];

/**
 * Refuses rules about security contexts where none would ever match.
 * @param modules - the active security modules; undefined where they cannot be told, and then nothing is refused
 * @throws CamflowError `UNSUPPORTED`
 */
export function requireContexts(modules: readonly string[] | undefined): void {
  if (modules === undefined || modules.some((name) => known.includes(name))) return;
  throw new CamflowError(
    'UNSUPPORTED',
    `No security context is ever met here: the BPF programs know those of AppArmor, and the active modules are ${modules.join(',')}`,
    { hint: 'Boot with AppArmor, or make a rule about a user, a group or a cgroup.' },
  );
}
