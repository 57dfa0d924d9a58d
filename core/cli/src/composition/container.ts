// tsyringe throws on import without it.
import 'reflect-metadata';
import { connect } from '@camflow/disclose';
import { type Channel, LabelTable, openControl, systemAccounts } from '@camflow/kernel';
import { createRun } from '@camflow/runtime';
import { container, type DependencyContainer, instanceCachingFactory } from 'tsyringe';
import { createLineLogger } from '../log/line-logger.ts';
import { builtinPlugins } from './builtin-plugins.ts';
import { type Token, tokens } from './tokens.ts';

/**
 * The dependencies of a program. The only place where implementations are chosen; tests register others in a
 * child container.
 */
export function createContainer(program: string): DependencyContainer {
  const own = container.createChildContainer();
  const register = <Value>({ key }: Token<Value>, make: () => Value): void => {
    own.register(key, { useFactory: instanceCachingFactory(make) });
  };
  register(tokens.loggerFactory, () => (level) => createLineLogger(program, level, process.stderr));
  register(tokens.builtins, builtinPlugins);
  register(tokens.environment, () => process.env);
  register(tokens.createRun, () => createRun);
  register(tokens.openControl, () => openControl);
  register(tokens.accounts, () => systemAccounts);
  register(tokens.labels, () => new LabelTable());
  register(tokens.places, () => ({ stateFolder: '/var/lib/camflow' }));
  register(tokens.askState, () => askRecorder);
  return own;
}

async function askRecorder({ socketPath }: Channel): Promise<unknown> {
  const recorder = await connect({ path: socketPath });
  try {
    return await recorder.state();
  } finally {
    recorder.close();
  }
}
