import { statSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import {
  describeError,
  isCamflowError,
  nodeTypeNamed,
  parseAddressRange,
  relationTypeNamed,
} from '@camflow/api';
import type { ConfigurationProblem, ControlSettings, SettingLine } from '@camflow/config';
import {
  type Accounts,
  accountId,
  actionBits,
  addressKinds,
  emptyFilters,
  type FilterName,
  filterBits,
  filterOf,
  findCgroup,
  type Rule,
  type RuleAction,
  type RuleKind,
  type RuleSelector,
  ruleKinds,
  type SwitchName,
  selectorKey,
} from '@camflow/kernel';

/** The buffers of each CPU. */
export interface RelaySettings {
  /** Size of a sub-buffer, as a power of two. */
  readonly bufferExponent: number;
  readonly buffers: number;
}

/** What the kernel is to be told, in its own terms. */
export interface DesiredPolicy {
  readonly switches: ReadonlyMap<SwitchName, { readonly on: boolean; readonly given: boolean }>;
  readonly filters: ReadonlyMap<FilterName, bigint>;
  /** By {@link selectorKey}. */
  readonly rules: ReadonlyMap<string, Rule>;
  /** Where the file has the first line about a rule, by {@link selectorKey}: `FILE:LINE`. */
  readonly origins: ReadonlyMap<string, string>;
  /** Marks of files, as rule bits, by path. */
  readonly files: ReadonlyMap<string, number>;
  /** Whether what is said about files is kept over a start of the machine. */
  readonly persist: boolean;
  /** 0 stands for that of the machine's file. */
  readonly machineId: number;
  readonly relay: RelaySettings;
  /** Whether the file says anything of the relay: the others are defaults. */
  readonly isRelayGiven: boolean;
}

/** A policy, or all that stands in its way; and what is passed over. */
export interface ResolvedPolicy {
  readonly desired: DesiredPolicy;
  readonly errors: readonly ConfigurationProblem[];
  readonly warnings: readonly ConfigurationProblem[];
}

const switchKeys: Readonly<Record<string, SwitchName>> = {
  'provenance.enabled': 'enabled',
  'provenance.all': 'all',
  'compression.version': 'version',
  'compression.node': 'compressNode',
  'compression.edge': 'compressEdge',
  'compression.duplicate': 'duplicate',
};
const actions: readonly RuleAction[] = ['track', 'propagate', 'record', 'opaque'];

/** Looks up what names mean on this machine: users, groups, cgroups and files. Changes nothing. */
export function resolvePolicy(settings: ControlSettings, accounts: Accounts): ResolvedPolicy {
  const errors: ConfigurationProblem[] = [];
  const warnings: ConfigurationProblem[] = [];
  const wrong = ({ where }: SettingLine, message: string): void => {
    errors.push({ code: 'CONFIG_BAD_VALUE', where, message });
  };
  const lines = (section: string, key: string): readonly SettingLine[] =>
    settings.lists.get(`${section}.${key}`) ?? [];

  const rules = new Map<string, Rule>();
  const origins = new Map<string, string>();
  for (const kind of ruleKinds) {
    for (const action of actions) {
      for (const line of lines(kind, action)) {
        try {
          const selector = selectorOf(kind, line.value, accounts);
          if (typeof selector === 'string') wrong(line, `${kind}.${action}: ${selector}`);
          else {
            const key = selectorKey(selector);
            if (!origins.has(key)) origins.set(key, line.where);
            rules.set(key, { selector, bits: (rules.get(key)?.bits ?? 0) | actionBits[action] });
          }
        } catch (error) {
          if (!isCamflowError(error)) throw error;
          wrong(line, `${kind}.${action}: ${describeError(error)}`);
        }
      }
    }
  }

  const files = new Map<string, number>();
  for (const action of ['opaque', 'track', 'propagate'] as const) {
    for (const line of lines('file', action)) {
      const problem = fileProblem(line.value);
      const message = `file.${action}: ${problem}; the line is passed over, as in CamFlow`;
      if (problem === undefined) files.set(line.value, (files.get(line.value) ?? 0) | actionBits[action]);
      else warnings.push({ code: 'CONFIG_BAD_VALUE', where: line.where, message });
    }
  }

  const number = (key: string): number => settings.numbers.get(key)!;
  const desired: DesiredPolicy = {
    switches: new Map(
      Object.entries(switchKeys).map(([key, name]) => [
        name,
        { on: settings.booleans.get(key)!, given: settings.given.has(key) },
      ]),
    ),
    filters: filtersOf(settings),
    rules,
    origins,
    files,
    persist: settings.booleans.get('file.persist')!,
    machineId: number('provenance.machine_id'),
    relay: { bufferExponent: number('relay.buff_exp'), buffers: number('relay.subuf_nb') },
    isRelayGiven: ['relay.buff_exp', 'relay.subuf_nb'].some((key) => settings.given.has(key)),
  };
  return { desired, errors, warnings };
}

function filtersOf(settings: ControlSettings): Map<FilterName, bigint> {
  const filters = new Map(Object.entries(emptyFilters) as [FilterName, bigint][]);
  for (const propagate of [false, true]) {
    for (const [key, typeNamed] of [
      ['node_filter', nodeTypeNamed],
      ['relation_filter', relationTypeNamed],
    ] as const) {
      for (const { value } of settings.lists.get(`provenance.${propagate ? 'propagate_' : ''}${key}`) ?? []) {
        const type = typeNamed(value)!;
        const name = filterOf(type, propagate)!;
        filters.set(name, filters.get(name)! | filterBits(type));
      }
    }
  }
  return filters;
}

/** What a line selects, or what is wrong with it. */
function selectorOf(kind: RuleKind, value: string, accounts: Accounts): RuleSelector | string {
  const addressKind = addressKinds.find((each) => each === kind);
  if (addressKind !== undefined) {
    return { kind: addressKind, range: parseAddressRange(addressKind.startsWith('ipv4') ? 4 : 6, value) };
  }
  if (kind === 'user' || kind === 'group') {
    const id = accountId(accounts, kind, value);
    return id === undefined ? `there is no ${kind} "${value}" on this machine` : { kind, id };
  }
  if (kind === 'secctx') return { kind, context: value };
  return { kind: 'cgroup', id: value.startsWith('/') ? findCgroup(value) : BigInt(value) };
}

function fileProblem(path: string): string | undefined {
  if (!isAbsolute(path)) return `${path} is not an absolute path`;
  try {
    return statSync(path, { throwIfNoEntry: false }) === undefined ? `${path} does not exist` : undefined;
  } catch (error) {
    return `${path} cannot be looked at (${(error as Error).message})`;
  }
}
