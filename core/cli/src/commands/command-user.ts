import path from 'node:path';
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
  return called !== undefined && callsCamflow(called) ? userAccount(Number(caller)) : undefined;
}

const ownNames = /^camflow(?:\.js)?$/;
/** Programs that run another one, which they are told of by their arguments. */
const runners = /^(?:node|nodejs|npx|pnpm|env|nice|ionice|chrt|taskset|timeout|time|stdbuf)$/;
const shells = /sh$/;

/** Whether sudo was asked for `camflow` itself, and not for a shell or script that calls it, or has its name in a path. */
function callsCamflow(called: string): boolean {
  const [program = '', ...more] = called.split(' ').map((word) => path.basename(word));
  if (ownNames.test(program)) return true;
  const at = more.findIndex((word) => ownNames.test(word));
  return runners.test(program) && at >= 0 && !more.slice(0, at).some((word) => shells.test(word));
}

/** The environment in which a user's command runs. */
export function environmentOf(user: UserAccount | undefined, environment: Environment): Environment {
  if (user === undefined) return environment;
  const { name, home, shell } = user;
  return { ...environment, HOME: home, USER: name, LOGNAME: name, ...(shell !== '' && { SHELL: shell }) };
}
