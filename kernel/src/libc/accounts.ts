import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';

type Koffi = typeof import('koffi');

/** Users and groups of the machine, from wherever it keeps them. */
export interface Accounts {
  /** The number of a user; undefined where there is none of that name. */
  userId(name: string): number | undefined;
  groupId(name: string): number | undefined;
  /** The name of a user; undefined where the number has none. */
  userName(id: number): string | undefined;
  groupName(id: number): string | undefined;
}

const largestId = 0xffff_ffff;

/**
 * The number of a user or group that somebody named. A number stands for itself: rules about accounts that are gone
 * are shown by number, and are given, or deleted, by what is shown.
 * @returns undefined where there is no such account, and it is no number
 */
export function accountId(accounts: Accounts, kind: 'user' | 'group', given: string): number | undefined {
  const id = kind === 'user' ? accounts.userId(given) : accounts.groupId(given);
  if (id !== undefined) return id;
  return /^\d{1,10}$/.test(given) && Number(given) <= largestId ? Number(given) : undefined;
}

interface Entry {
  readonly name: string;
  readonly id: number;
}
type Find<Key> = (key: Key) => Entry | null;

interface Lookups {
  readonly userByName: Find<string>;
  readonly userById: Find<number>;
  readonly groupByName: Find<string>;
  readonly groupById: Find<number>;
}

const require = createRequire(import.meta.url);
let lookups: Lookups | undefined;

/** The C library's accounts: files, directories and whatever else it is configured to ask. May wait for those. */
export const systemAccounts: Accounts = {
  userId: (name) => (isName(name) ? bound().userByName(name)?.id : undefined),
  groupId: (name) => (isName(name) ? bound().groupByName(name)?.id : undefined),
  userName: (id) => bound().userById(id)?.name,
  groupName: (id) => bound().groupById(id)?.name,
};

/** What C would read differently is no name. */
function isName(name: string): boolean {
  return name !== '' && !name.includes('\0');
}

function bound(): Lookups {
  lookups ??= bind();
  return lookups;
}

function bind(): Lookups {
  const koffi = require(realpathSync.native(require.resolve('koffi'))) as Koffi;
  const libc = koffi.load(null);
  // `struct passwd` and `struct group` begin alike everywhere: name, password, number.
  const entry = koffi.struct({ name: 'const char *', password: 'const char *', id: 'uint32_t' });
  const pointer = koffi.pointer(entry);
  const find = <Key>(name: string, key: string): Find<Key> => {
    const call = libc.func(name, pointer, [key]) as unknown as (key: Key) => bigint | null;
    return (given) => {
      const found = call(given);
      // Decoded at once: the next call overwrites what it points to.
      return found === null ? null : (koffi.decode(found, entry) as Entry);
    };
  };
  return {
    userByName: find('getpwnam', 'const char *'),
    userById: find('getpwuid', 'uint32_t'),
    groupByName: find('getgrnam', 'const char *'),
    groupById: find('getgrgid', 'uint32_t'),
  };
}
