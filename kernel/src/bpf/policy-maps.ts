import {
  type AddressDirection,
  type AddressRule,
  addressTable,
  directions,
  readAddressTable,
} from './address-table.ts';
import type { Channel } from './channel.ts';
import { contextKey, contextOfKey } from './context-key.ts';
import { underControlLock } from './control-lock.ts';
import {
  addressRules,
  anyAddress,
  contextBytes,
  policyKinds,
  readStructure,
  structures,
  writeStructure,
} from './layout.ts';
import { useSettings } from './use-settings.ts';

/** Kinds of policies that are told apart by a number: of a user, a group, a cgroup and so on. */
export type PolicyKind = keyof typeof policyKinds;

/** What becomes of whatever acts for, belongs to, or is in something. */
export interface IdentityPolicy {
  readonly kind: PolicyKind;
  readonly id: bigint;
  /** Bits of `nodeFlags`. */
  readonly flags: number;
}

const keyBytes = structures.cf_policy_key.size;

/** Every policy of a kind, by number. */
export function listPolicies(channel: Channel, kind: PolicyKind): IdentityPolicy[] {
  return channel.use('cf_policies', (map) => {
    const found = new Map<bigint, IdentityPolicy>();
    for (const key of map.keys(keyBytes)) {
      const { kind: number, id } = readStructure('cf_policy_key', key);
      const value = map.get(key, structures.cf_policy.size);
      if (Number(number) !== policyKinds[kind] || value === undefined) continue;
      found.set(id, { kind, id, flags: Number(readStructure('cf_policy', value).flags) });
    }
    return [...found.values()].sort((a, b) => (a.id < b.id ? -1 : 1));
  });
}

/** Makes a policy, in place of the one about the same. Takes effect when something that matches acts next. */
export function setPolicy(channel: Channel, { kind, id, flags }: IdentityPolicy): void {
  underControlLock(() => {
    const value = new Uint8Array(structures.cf_policy.size);
    writeStructure('cf_policy', value, { flags });
    channel.use('cf_policies', (map) => map.set(keyOf(kind, id), value));
    setKind(channel, kind, true);
  });
}

/**
 * Takes a policy away; legal where there is none. Flags that something got by it stay with it.
 * @returns whether there was one
 */
export function deletePolicy(channel: Channel, kind: PolicyKind, id: bigint): boolean {
  return underControlLock(() => {
    const there = channel.use('cf_policies', (map) => map.delete(keyOf(kind, id)));
    setKind(channel, kind, listPolicies(channel, kind).length > 0);
    return there;
  });
}

/** The security contexts that were met since the programs were loaded, by the number that the kernel has for them. */
export function listContexts(channel: Channel): Map<number, string> {
  return channel.use('cf_contexts', (map) => {
    const found = new Map<number, string>();
    for (const key of map.keys(4)) {
      const value = map.get(key, contextBytes);
      if (value === undefined) continue;
      found.set(Buffer.from(key).readUInt32LE(), contextOfKey(value));
    }
    return found;
  });
}

/** What becomes of processes with a security context, by its text. */
export interface ContextPolicy {
  readonly context: string;
  /** Bits of `nodeFlags`. */
  readonly flags: number;
}

/** Every policy about a security context. */
export function listContextPolicies(channel: Channel): ContextPolicy[] {
  return channel.use('cf_named_policies', (map) => {
    const found = new Map<string, ContextPolicy>();
    for (const key of map.keys(contextBytes)) {
      const value = map.get(key, structures.cf_policy.size);
      if (value === undefined) continue;
      const context = contextOfKey(key);
      found.set(context, { context, flags: Number(readStructure('cf_policy', value).flags) });
    }
    return [...found.values()];
  });
}

/**
 * Makes a policy about a security context, in place of the one before. It takes effect for contexts that were met
 * already, and for those that are yet to be met. Only AppArmor's contexts are: no kernel up to now lets programs ask
 * for those of another module.
 * @throws CamflowError `CONFIG_BAD_VALUE` where the text is too long
 */
export function setContextPolicy(channel: Channel, { context, flags }: ContextPolicy): void {
  const key = contextKey(context);
  const value = new Uint8Array(structures.cf_policy.size);
  writeStructure('cf_policy', value, { flags });
  underControlLock(() => {
    // First by name: who is met from now on finds it.
    channel.use('cf_named_policies', (map) => map.set(key, value));
    for (const [secid, text] of listContexts(channel)) {
      if (text === context) setPolicy(channel, { kind: 'context', id: BigInt(secid), flags });
    }
    setKind(channel, 'context', true);
  });
}

/**
 * Takes a policy about a security context away; legal where there is none.
 * @returns whether there was one
 */
export function deleteContextPolicy(channel: Channel, context: string): boolean {
  return underControlLock(() => {
    const there = channel.use('cf_named_policies', (map) => map.delete(contextKey(context)));
    for (const [secid, text] of listContexts(channel)) {
      if (text === context) deletePolicy(channel, 'context', BigInt(secid));
    }
    setKind(
      channel,
      'context',
      listContextPolicies(channel).length > 0 || listPolicies(channel, 'context').length > 0,
    );
    return there;
  });
}

/** The rules for one direction, in their order: the first that matches holds, which is the most specific one. */
export function listAddressRules(channel: Channel, direction: AddressDirection): AddressRule[] {
  return readAddressTable(
    channel.use('cf_addresses', (map) => map.need(directions[direction], addressRules.size)),
  );
}

/**
 * Replaces the rules for one direction; in which order they are given does not matter. They hold for sockets that are
 * bound, connected or accepted from then on.
 * @throws CamflowError `CONFIG_BAD_VALUE` where there are more than 128
 */
export function setAddressRules(
  channel: Channel,
  direction: AddressDirection,
  rules: readonly AddressRule[],
): void {
  const bytes = addressTable(direction, rules);
  underControlLock(() => {
    channel.use('cf_addresses', (map) => map.set(directions[direction], bytes));
    const any = (['ingress', 'egress'] as const).some((each) => listAddressRules(channel, each).length > 0);
    setPolicyBit(channel, anyAddress, any);
  });
}

function keyOf(kind: PolicyKind, id: bigint): Uint8Array {
  const key = new Uint8Array(keyBytes);
  writeStructure('cf_policy_key', key, { kind: policyKinds[kind], id });
  return key;
}

function setKind(channel: Channel, kind: PolicyKind, any: boolean): void {
  setPolicyBit(channel, 1 << policyKinds[kind], any);
}

/** Tells the programs whether there is anything to look for. */
function setPolicyBit(channel: Channel, bit: number, any: boolean): void {
  useSettings(channel, (settings) =>
    settings.change(({ policies }) => ({
      policies: (any ? Number(policies) | bit : Number(policies) & ~bit) >>> 0,
    })),
  );
}
