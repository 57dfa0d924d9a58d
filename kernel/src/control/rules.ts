import { type AddressRange, formatAddressRange } from '@camflow/api';

/** Bits of what a rule says. */
export const ruleBits = { tracked: 0x01, opaque: 0x02, propagate: 0x04, record: 0x20 } as const;

/** One of the words of the command line and of camflow.ini. */
export type RuleAction = 'track' | 'propagate' | 'opaque' | 'record';

/** What is asked for by each word, as bits. */
export const actionBits: Readonly<Record<RuleAction, number>> = {
  track: ruleBits.tracked,
  propagate: ruleBits.tracked | ruleBits.propagate,
  opaque: ruleBits.opaque,
  record: ruleBits.tracked | ruleBits.record,
};

/** Kinds of rules about addresses: those that sockets are bound to, and those that they connect to. */
export const addressKinds = ['ipv4-ingress', 'ipv4-egress', 'ipv6-ingress', 'ipv6-egress'] as const;

/** One of {@link addressKinds}. */
export type AddressRuleKind = (typeof addressKinds)[number];

/** What a rule is about. */
export type RuleSelector =
  | { readonly kind: AddressRuleKind; readonly range: AddressRange }
  /** A user or group, by number. */
  | { readonly kind: 'user' | 'group'; readonly id: number }
  /** The inode of a cgroup namespace or, with BPF programs only, of the folder of a cgroup: those below it are meant too. */
  | { readonly kind: 'cgroup'; readonly id: bigint }
  /** A security context, as the kernel's security module writes it. */
  | { readonly kind: 'secctx'; readonly context: string };

/** What a rule is to be about: a cgroup may be given by its path, or that of a namespace, too. */
export type RuleTarget = RuleSelector | { readonly kind: 'cgroup'; readonly path: string };

/** Kinds of rules. */
export type RuleKind = RuleSelector['kind'];

/** Every kind of rule. */
export const ruleKinds: readonly RuleKind[] = [...addressKinds, 'secctx', 'cgroup', 'user', 'group'];

/** What is to be done with whatever a selector matches. */
export interface Rule {
  readonly selector: RuleSelector;
  /** {@link ruleBits}, or-ed. */
  readonly bits: number;
}

/** A rule that is to be made. */
export interface RuleRequest {
  readonly selector: RuleTarget;
  /** {@link ruleBits}, or-ed. */
  readonly bits: number;
}

/** Rules about users, groups, cgroups, security contexts and addresses. */
export interface RuleControl {
  /**
   * The rules of a kind; none where the kernel does not know the kind. Where rules about addresses overlap, the first
   * one holds: with BPF programs the most specific (`compareAddressRanges` says which that is), on CamFlow 0.9
   * the one that was made first.
   */
  list(kind: RuleKind): Rule[];
  /**
   * Says something about a selector: about addresses besides what was said before, about everything else in place of
   * it, as CamFlow 0.9 does. Rules about addresses hold for sockets that are bound or connected from then on.
   * @throws CamflowError `UNSUPPORTED` where the kernel cannot match anything of this kind, `CONFIG_BAD_VALUE` where it
   * cannot match this one
   */
  add(rule: RuleRequest): void;
  /** Removes whatever is said about a selector; legal where nothing is. */
  remove(target: RuleTarget): void;
}

/** A selector as people write it, users and groups by number; equal exactly for equal selectors of a kind. */
export function selectorText(selector: RuleSelector): string {
  if (selector.kind === 'secctx') return selector.context;
  return 'range' in selector ? formatAddressRange(selector.range) : String(selector.id);
}

/** A text that is equal exactly for equal selectors. */
export function selectorKey(selector: RuleSelector): string {
  return `${selector.kind} ${selectorText(selector)}`;
}

/**
 * The words for what a rule says: `propagate` includes `track`, `record` does not repeat it.
 * @returns none where it says nothing
 */
export function actionsOf(bits: number): RuleAction[] {
  const actions: RuleAction[] = [];
  if (bits & ruleBits.propagate) actions.push('propagate');
  else if (bits & ruleBits.tracked) actions.push('track');
  if (bits & ruleBits.record) actions.push('record');
  if (bits & ruleBits.opaque) actions.push('opaque');
  return actions;
}
