import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { CamflowError } from '@camflow/api';

type Koffi = typeof import('koffi');

/** A user as the system knows them. */
export interface UserAccount {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  /** Every group they are in, `gid` included. */
  readonly groups: readonly number[];
  readonly home: string;
  readonly shell: string;
}

/** The entry of the C library's `struct passwd`. */
interface PasswordEntry {
  readonly pw_name: string;
  readonly pw_uid: number;
  readonly pw_gid: number;
  readonly pw_dir: string;
  readonly pw_shell: string;
}

const mostGroups = 65_536;
const require = createRequire(import.meta.url);
let lookups: ReturnType<typeof bind> | undefined;

/**
 * Looks a user up wherever the system has its users: files, a directory service.
 * @param wanted - a name, or a number
 * @throws CamflowError `USAGE` where there is no such user
 */
export function userAccount(wanted: string | number): UserAccount {
  lookups ??= bind();
  const entry = typeof wanted === 'number' ? lookups.byId(wanted) : lookups.byName(wanted);
  if (entry === undefined) {
    throw new CamflowError('USAGE', `There is no user ${wanted}`, { hint: '`getent passwd` lists them.' });
  }
  const { pw_name: name, pw_uid: uid, pw_gid: gid, pw_dir: home, pw_shell: shell } = entry;
  return { name, uid, gid, groups: lookups.groupsOf(name, gid), home, shell };
}

function bind() {
  const koffi = require(realpathSync.native(require.resolve('koffi'))) as Koffi;
  const libc = koffi.load(null);
  const passwd = koffi.struct({
    pw_name: 'char *',
    pw_passwd: 'char *',
    pw_uid: 'uint32_t',
    pw_gid: 'uint32_t',
    pw_gecos: 'char *',
    pw_dir: 'char *',
    pw_shell: 'char *',
  });
  const getpwnam = libc.func('void *getpwnam(const char *name)');
  const getpwuid = libc.func('void *getpwuid(uint32_t uid)');
  const getgrouplist = libc.func(
    'int getgrouplist(const char *name, uint32_t group, void *groups, void *count)',
  );
  const entryAt = (pointer: bigint | null): PasswordEntry | undefined =>
    pointer === null ? undefined : (koffi.decode(pointer, passwd) as PasswordEntry);
  return {
    byName: (name: string) => (name.includes('\0') ? undefined : entryAt(getpwnam(name))),
    byId: (uid: number) => entryAt(getpwuid(uid)),
    groupsOf(name: string, gid: number): number[] {
      const count = new Int32Array([64]);
      // -1: the list is too short, and the count says how long it has to be.
      for (
        let groups = new Uint32Array(64);
        groups.length <= mostGroups;
        groups = new Uint32Array(count[0]!)
      ) {
        if (getgrouplist(name, gid, groups, count) >= 0) return [...groups.subarray(0, count[0])];
      }
      throw new CamflowError('INTERNAL', `User ${name} is in more than ${mostGroups} groups`);
    },
  };
}
