import { CamflowError, parseAddressRange, recordTypes } from '@camflow/api';
import {
  type Accounts,
  actionBits,
  addressKinds,
  type Filters,
  filterBits,
  filterNames,
  filterOf,
  type ProvenanceControl,
  type Rule,
  type RuleSelector,
  ruleKinds,
  switchNames,
} from '@camflow/kernel';
import * as v from 'valibot';

const word = v.string();
const schema = v.object({
  backend: v.picklist(['securityfs', 'bpf']),
  version: v.object({ version: word, commit: word }),
  machineId: v.number(),
  bootId: v.number(),
  policyHash: v.pipe(word, v.regex(/^[0-9A-F]{64}$/)),
  captured: v.boolean(),
  drops: v.object({ total: v.number(), causes: v.record(word, v.number()) }),
  switches: v.object(
    Object.fromEntries(switchNames.map((name) => [name, v.boolean()])) as Record<
      (typeof switchNames)[number],
      v.BooleanSchema<undefined>
    >,
  ),
  filters: v.record(v.picklist(filterNames), v.array(word)),
  rules: v.array(
    v.object({
      kind: v.picklist(ruleKinds),
      subject: word,
      actions: v.array(v.picklist(['track', 'propagate', 'opaque', 'record'])),
    }),
  ),
});

/**
 * What a recorder tells any user of the state of capture, as a control that only shows it.
 * @param state - the answer of its socket
 * @throws CamflowError `SOURCE_FAILED` where it is none
 */
export function controlOfState(state: unknown, accounts: Accounts): ProvenanceControl {
  const { success, output } = v.safeParse(schema, state);
  if (!success) {
    throw new CamflowError('SOURCE_FAILED', 'The recorder answers what this program does not understand', {
      hint: 'It may be of another release: restart camflowd.',
    });
  }
  const filters = filtersOf(output.filters);
  const rules = output.rules.map(({ kind, subject, actions }): Rule => {
    const bits = actions.reduce((sum, action) => sum | actionBits[action], 0);
    return { selector: selectorOf(kind, subject, accounts), bits };
  });
  return {
    backend: output.backend,
    switches: {
      read: () => output.switches,
      said: (name) => output.switches[name],
      captured: () => output.captured,
      set: refuse,
    },
    filters: { read: () => filters, change: refuse, reset: refuse },
    rules: {
      list: (kind) => rules.filter(({ selector }) => selector.kind === kind),
      add: refuse,
      remove: refuse,
    },
    recording: {
      machineId: () => output.machineId,
      bootId: () => output.bootId,
      isThere: () => true,
      isPrepared: () => output.bootId !== 0,
      ringBytes: () => undefined,
      version: () => output.version,
      drops: () => output.drops,
      prepare: refuse,
      changeEpoch: refuse,
      flush: refuse,
    },
    files: { read: refuse, mark: refuse, listOthers: refuse, save: refuse, load: refuse },
    processes: { read: refuse, mark: refuse, readSelf: refuse, markSelf: refuse },
    policy: {
      read: () => ({ switches: output.switches, filters, rules }),
      hash: () => Uint8Array.from(Buffer.from(output.policyHash, 'hex')),
    },
    disclosure: { node: refuse, relation: refuse },
    refusals: refuse,
    close() {},
  };
}

function filtersOf(
  names: Readonly<Partial<Record<(typeof filterNames)[number], readonly string[]>>>,
): Filters {
  const bitsOf = (filter: (typeof filterNames)[number]): bigint =>
    (names[filter] ?? []).reduce((bits, name) => {
      const type = recordTypes.find(
        (each) => each.name === name && filterOf(each, filter.startsWith('propagate')) === filter,
      );
      // Types that the model does not know are told by their bit.
      const bit = /^bit (\d{1,2})$/.exec(name)?.[1];
      return bits | (type !== undefined ? filterBits(type) : bit === undefined ? 0n : 1n << BigInt(bit));
    }, 0n);
  return Object.fromEntries(filterNames.map((filter) => [filter, bitsOf(filter)])) as unknown as Filters;
}

function selectorOf(kind: (typeof ruleKinds)[number], subject: string, accounts: Accounts): RuleSelector {
  const addressKind = addressKinds.find((each) => each === kind);
  if (addressKind !== undefined) {
    return { kind: addressKind, range: parseAddressRange(addressKind.startsWith('ipv4') ? 4 : 6, subject) };
  }
  if (kind === 'user') return { kind, id: accounts.userId(subject) ?? Number(subject) };
  if (kind === 'group') return { kind, id: accounts.groupId(subject) ?? Number(subject) };
  return kind === 'cgroup' ? { kind, id: BigInt(subject) } : { kind: 'secctx', context: subject };
}

function refuse(): never {
  throw new CamflowError(
    'PERMISSION_DENIED',
    'The recorder shows the state of capture to any user, no more',
    {
      hint: 'Run as root.',
    },
  );
}
