import { createHash } from 'node:crypto';
import { networkOf } from '@camflow/api';
import type { CaptureVersion, EffectivePolicy } from './effective-policy.ts';
import type { filterNames } from './filters.ts';
import { type Rule, ruleKinds, selectorText } from './rules.ts';
import { switchNames } from './switches.ts';

/** The order in which CamFlow's kernel hashes its filters. */
const filterOrder = [
  'node',
  'propagateNode',
  'derived',
  'generated',
  'used',
  'informed',
  'propagateDerived',
  'propagateGenerated',
  'propagateUsed',
  'propagateInformed',
] as const satisfies readonly (typeof filterNames)[number][];

/**
 * Names an effective policy: equal exactly where policy and versions are equal, on whatever machine and in whatever
 * order it was set. The canonical form is described in docs/policy-hash.md. Where there are no rules it is what
 * CamFlow's kernel hashes.
 * @returns 32 bytes of SHA-256
 */
export function hashPolicy(policy: EffectivePolicy, { version, commit }: CaptureVersion): Uint8Array {
  const fixed = Buffer.alloc(88);
  for (const [at, name] of switchNames.entries()) fixed[at] = policy.switches[name] ? 1 : 0;
  for (const [at, name] of filterOrder.entries()) fixed.writeBigUInt64LE(policy.filters[name], 8 + 8 * at);
  const hash = createHash('sha256').update(version).update(commit).update(fixed);
  for (const entry of policy.rules.map(canonicalRule).sort(Buffer.compare)) hash.update(entry);
  return hash.digest();
}

/** Kind, bits, and the length of a selector stand before it, so that no two lists of rules have one form. */
function canonicalRule({ selector, bits }: Rule): Buffer {
  const body =
    'range' in selector
      ? Buffer.from([...networkOf(selector.range), selector.range.prefix, ...portBytes(selector.range.port)])
      : Buffer.from(selectorText(selector));
  const head = Buffer.from([ruleKinds.indexOf(selector.kind), bits, 0, 0]);
  head.writeUInt16LE(body.length, 2);
  return Buffer.concat([head, body]);
}

function portBytes(port: number): number[] {
  return [port >> 8, port & 0xff];
}
