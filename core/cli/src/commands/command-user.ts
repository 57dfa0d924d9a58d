import { CamflowError } from '@camflow/api';
import type { Environment } from '@camflow/config';
import { type UserAccount, userAccount } from '@camflow/kernel';

/**
 * For whom a command is run: the user that was asked for; under `sudo camflow ...` the one who called sudo; else
 * undefined, for whoever runs this process. A shell or script that was started by sudo is root's own business.
 * @throws CamflowError `USAGE` or `PERMISSION_DENIED`
 */
export function commandUser(wanted: string | undefined, environment: Environment): UserAccount | undefined {
  const uid = process.geteuid?.();
  if (wanted !== undefined) {
    const user = userAccount(/^\d+$/.test(wanted) ? Number(wanted) : wanted);
    if (user.uid === uid) return undefined;
    if (uid === 0) return user;
    throw new CamflowError('PERMISSION_DENIED', `Only root can run a command as ${wanted}`, {
      hint: 'Use sudo.',
    });
  }
  const { SUDO_UID: caller, SUDO_COMMAND: called } = environment;
  if (uid !== 0 || caller === undefined || !/^\d+$/.test(caller) || caller === '0') return undefined;
  return called !== undefined && /\bcamflow\b/.test(called) ? userAccount(Number(caller)) : undefined;
}

/** The environment in which a user's command runs. */
export function environmentOf(user: UserAccount | undefined, environment: Environment): Environment {
  if (user === undefined) return environment;
  const { name, home, shell } = user;
  return { ...environment, HOME: home, USER: name, LOGNAME: name, ...(shell !== '' && { SHELL: shell }) };
}
