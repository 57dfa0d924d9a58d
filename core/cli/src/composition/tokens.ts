import type { Logger } from '@camflow/api';
import type { Environment } from '@camflow/config';
import type {
  Accounts,
  ControlRequest,
  IdentityPlaces,
  LabelTable,
  ProvenanceControl,
} from '@camflow/kernel';
import type { BuiltinPlugin, CreateRun } from '@camflow/runtime';
import type { DependencyContainer, InjectionToken } from 'tsyringe';
import type { AskState } from '../control/show-state.ts';
import type { LogLevel } from '../log/line-logger.ts';

/** Names a dependency together with its type. */
export interface Token<Value> {
  readonly name: string;
  readonly key: InjectionToken<Value>;
}

function token<Value>(name: string): Token<Value> {
  return { name, key: Symbol(name) };
}

/** Makes the logger of a program, once its level is known. */
export type LoggerFactory = (level: LogLevel) => Logger;

/** Opens the control of the kernel. */
export type OpenControl = (request: ControlRequest) => ProvenanceControl;

/** Where programs keep what they have to remember. */
export interface Places {
  readonly stateFolder: string;
  readonly identity?: IdentityPlaces;
}

/** The dependencies of a program, by name. */
export interface Tokens {
  readonly loggerFactory: Token<LoggerFactory>;
  readonly builtins: Token<readonly BuiltinPlugin[]>;
  readonly environment: Token<Environment>;
  readonly createRun: Token<CreateRun>;
  readonly openControl: Token<OpenControl>;
  readonly accounts: Token<Accounts>;
  readonly labels: Token<LabelTable>;
  readonly places: Token<Places>;
  readonly askState: Token<AskState>;
}

/** Everything that programs are handed rather than reach for. */
export const tokens: Tokens = {
  loggerFactory: token('loggerFactory'),
  builtins: token('builtins'),
  environment: token('environment'),
  createRun: token('createRun'),
  openControl: token('openControl'),
  accounts: token('accounts'),
  labels: token('labels'),
  places: token('places'),
  askState: token('askState'),
};

/** What a container holds under a token. */
export function resolve<Value>(container: DependencyContainer, wanted: Token<Value>): Value {
  return container.resolve(wanted.key);
}
