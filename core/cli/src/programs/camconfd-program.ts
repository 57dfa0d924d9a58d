import { CamflowError } from '@camflow/api';
import { controlFileOf, defaultControlFile } from '@camflow/config';
import { Channel } from '@camflow/kernel';
import { Command } from 'commander';
import type { DependencyContainer } from 'tsyringe';
import { createContainer } from '../composition/container.ts';
import { resolve, tokens } from '../composition/tokens.ts';
import { choosePlaces } from '../configure/choose-places.ts';
import { type ConfigureContext, configure, resultText, saveForRestart } from '../configure/configure.ts';
import { trialText, tryPolicy } from '../configure/try-policy.ts';
import { formatCounted } from '../report/numbers.ts';
import { version } from '../version.ts';
import { runProgram } from './run-program.ts';

interface ConfigureOptions {
  readonly config?: string;
  readonly check: boolean;
  readonly save: boolean;
  readonly capture?: string;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly channel?: string;
  readonly securityfs?: string;
  readonly state?: string;
}

/**
 * The program `camconfd`: makes the kernel do what camflow.ini says, and ends.
 * @param argv - arguments, without the program
 * @param container - what it works with; by default this machine
 * @returns the exit status
 */
export function runCamconfd(
  argv: readonly string[],
  container: DependencyContainer = createContainer('camconfd'),
): Promise<number> {
  return runProgram(camconfdProgram(container), argv);
}

/** Its command line, which the manual is made from. */
export function camconfdProgram(container: DependencyContainer): Command {
  return new Command('camconfd')
    .description('Makes the kernel capture what camflow.ini says, and ends.')
    .version(version, '-V, --version')
    .option('--config <file>', 'configuration file (default: /etc/camflow.ini)')
    .option('--check', 'say what would change, and change nothing', false)
    .option(
      '--save',
      'with persist=true in [file]: save what is said about files until the next start',
      false,
    )
    .option(
      '--capture <file>',
      'with --check: say, too, which records of a capture file the policy would keep',
    )
    .option(
      '--channel <name>',
      'for the programs of this channel, which are loaded where they are not there (configuration file: /etc/camflow-<name>.ini)',
    )
    .option('--json', 'answer as JSON', false)
    .option('-q, --quiet', 'print warnings and errors only', false)
    .option('--securityfs <folder>', 'use the control files in this folder, to try things out; needs --state')
    .option(
      '--state <folder>',
      'remember what was applied, and keep the identifiers, in this folder (default: /var/lib/camflow and /etc)',
    )
    .action((options: ConfigureOptions) => act(options, container));
}

async function act(options: ConfigureOptions, container: DependencyContainer): Promise<void> {
  const { check, save, capture, json, quiet, securityfs } = options;
  if (capture !== undefined && !check) {
    throw new CamflowError('USAGE', '--capture says what a policy would do', { hint: 'Add --check.' });
  }
  if (save && check) {
    throw new CamflowError('USAGE', '--save saves and --check changes nothing', {
      hint: 'Give one of them.',
    });
  }
  const channel = Channel.named(options.channel);
  const places = choosePlaces(options, resolve(container, tokens.places));
  const path = options.config ?? (await defaultControlFile(channel.name));
  if (path === undefined) {
    throw new CamflowError('CONFIG_UNREADABLE', `There is no ${controlFileOf(channel.name)}`, {
      hint: 'Name a file with --config.',
    });
  }
  const open = resolve(container, tokens.openControl);
  const context: ConfigureContext = {
    openControl: (request) => open({ ...request, channel, securityfsFolder: securityfs }),
    accounts: resolve(container, tokens.accounts),
    warn: (text) => void process.stderr.write(`camconfd: warning: ${text}\n`),
    ...places,
  };
  const request = { path, environment: resolve(container, tokens.environment) };
  const print = (text: string, value: unknown): void => {
    if (!quiet || json) process.stdout.write(`${json ? JSON.stringify(value) : text}\n`);
  };
  if (capture !== undefined) {
    const tried = await tryPolicy(request, capture, context);
    print(trialText(tried), tried);
    return;
  }
  if (save) {
    const saved = await saveForRestart(request, context);
    print(savedText(saved), saved ?? null);
    return;
  }
  const result = await configure(request, check, context);
  print(resultText(result, check), result);
}

function savedText(saved: Awaited<ReturnType<typeof saveForRestart>>): string {
  if (saved === undefined) return 'Nothing is saved: the file does not say persist=true in [file].';
  const { files, left } = saved;
  const gone = left === 0 ? '' : `; ${formatCounted(left, 'file')} of file systems that do not last`;
  return `What is said about ${formatCounted(files, 'file')} is saved${gone}.`;
}
