import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CamflowError, isCamflowError, parseAddressRange } from '@camflow/api';
import {
  addressKinds,
  type FilterName,
  filterNames,
  kernelBootUuid,
  type Rule,
  type RuleKind,
  type RuleSelector,
  ruleKinds,
  type SwitchName,
  selectorKey,
  selectorText,
  switchNames,
  writeAtomically,
} from '@camflow/kernel';
import * as v from 'valibot';
import type { RelaySettings } from './desired-policy.ts';

/** A file that was marked: by path, and which one it was. */
export interface AppliedFile {
  readonly identity: string;
  readonly bits: number;
}

/** What camconfd told the kernel last, so that it can take back what its file no longer says. */
export interface AppliedState {
  /** What the kernel calls the start of the machine in which it was told; marks of files outlive it. */
  readonly kernelBoot: string;
  readonly switches: ReadonlyMap<SwitchName, boolean>;
  readonly filters: ReadonlyMap<FilterName, bigint>;
  readonly rules: ReadonlyMap<string, Rule>;
  readonly files: ReadonlyMap<string, AppliedFile>;
  /** The buffers that were made in this start; undefined where it was not camconfd who had them made. */
  readonly relay?: RelaySettings | undefined;
}

const bits = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(0xff));
const schema = v.object({
  version: v.literal(1),
  kernelBoot: v.string(),
  switches: v.record(v.picklist(switchNames), v.boolean()),
  filters: v.record(v.picklist(filterNames), v.pipe(v.string(), v.regex(/^[0-9a-f]{1,16}$/))),
  rules: v.array(v.object({ kind: v.picklist(ruleKinds), subject: v.string(), bits })),
  files: v.record(v.string(), v.object({ identity: v.string(), bits })),
  relay: v.optional(v.object({ bufferExponent: v.number(), buffers: v.number() })),
});

/** Nothing was told. */
export const emptyState: AppliedState = {
  kernelBoot: '',
  switches: new Map(),
  filters: new Map(),
  rules: new Map(),
  files: new Map(),
};

/** Where it is kept. */
export function appliedStatePath(stateFolder: string): string {
  return join(stateFolder, 'applied.json');
}

/** Whether it was told since the machine started. */
export function isOfThisStart({ kernelBoot }: AppliedState, now: string = kernelBootUuid()): boolean {
  return kernelBoot === now;
}

/**
 * Reads what was applied last.
 * @throws CamflowError `CONFIG_UNREADABLE` where the file is there and is not one of ours
 */
export function readAppliedState(path: string): AppliedState {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return emptyState;
    throw new CamflowError('CONFIG_UNREADABLE', `Cannot read ${path}`, { cause, hint: 'Run as root.' });
  }
  try {
    const state = v.parse(schema, JSON.parse(text));
    const rules = state.rules.map(({ kind, subject, bits }) => ({
      selector: selectorOf(kind, subject),
      bits,
    }));
    return {
      kernelBoot: state.kernelBoot,
      switches: new Map(Object.entries(state.switches) as [SwitchName, boolean][]),
      filters: new Map(
        Object.entries(state.filters).map(([name, hex]) => [name as FilterName, BigInt(`0x${hex}`)]),
      ),
      rules: new Map(rules.map((rule) => [selectorKey(rule.selector), rule])),
      files: new Map(Object.entries(state.files)),
      relay: state.relay,
    };
  } catch (cause) {
    if (isCamflowError(cause) || cause instanceof SyntaxError || v.isValiError(cause)) {
      throw new CamflowError('CONFIG_UNREADABLE', `${path} is damaged`, {
        hint: 'Remove it: what was applied before then stays until the machine starts anew.',
      });
    }
    throw cause;
  }
}

/** Keeps what was applied, whole or not at all. */
export function writeAppliedState(path: string, state: AppliedState): void {
  const text = JSON.stringify(
    {
      version: 1,
      kernelBoot: state.kernelBoot,
      switches: Object.fromEntries(state.switches),
      filters: Object.fromEntries([...state.filters].map(([name, value]) => [name, value.toString(16)])),
      rules: [...state.rules.values()].map(({ selector, bits }) => ({
        kind: selector.kind,
        subject: selectorText(selector),
        bits,
      })),
      files: Object.fromEntries(state.files),
      relay: state.relay,
    },
    null,
    1,
  );
  writeAtomically(path, Buffer.from(`${text}\n`), 0o600);
}

function selectorOf(kind: RuleKind, subject: string): RuleSelector {
  const addressKind = addressKinds.find((each) => each === kind);
  if (addressKind !== undefined) {
    return { kind: addressKind, range: parseAddressRange(addressKind.startsWith('ipv4') ? 4 : 6, subject) };
  }
  if (kind === 'user' || kind === 'group') return { kind, id: Number(subject) };
  return kind === 'cgroup' ? { kind, id: BigInt(subject) } : { kind: 'secctx', context: subject };
}
