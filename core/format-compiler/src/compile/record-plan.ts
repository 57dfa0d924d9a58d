import type { RecordType } from '@camflow/api';
import type { RecordText, ValueAttribute } from '../table/attribute.ts';
import type { Content, Part } from '../table/content.ts';
import { findRuns } from './stable-runs.ts';

/** What is written of a record, in order; code is made of it. */
export type PlanStep =
  /** Constant text. */
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'content'; readonly content: Content }
  /** Parts whose text is kept from one record to the next. */
  | { readonly kind: 'run'; readonly run: readonly Part[] }
  /** Attributes whose keys depend on the record, by their place in the table. */
  | { readonly kind: 'group'; readonly position: number }
  /** An attribute that may be left out, or whose form depends on its value. */
  | { readonly kind: 'attribute'; readonly attribute: ValueAttribute; readonly steps: readonly PlanStep[] };

/** Whether an attribute is left out where no name is known for the node. */
export function needsName(attribute: ValueAttribute): boolean {
  return attribute.parts.some((part) => typeof part !== 'string' && part.kind === 'name');
}

/** Plans how a type of record is written. Parts of several attributes are planned together: a run may reach over them. */
export function planRecord(type: RecordType, record: RecordText): readonly PlanStep[] {
  const plan: PlanStep[] = [];
  let pending: Part[] = [...record.open];
  const planPending = (): void => {
    plan.push(...planParts(pending));
    pending = [];
  };
  for (const [position, attribute] of record.attributes.entries()) {
    if (attribute.kind !== 'value') {
      planPending();
      plan.push({ kind: 'group', position });
      continue;
    }
    const lead = `${position === 0 ? '' : ','}${JSON.stringify(attribute.key)}:`;
    const quote = attribute.form === 'string' ? '"' : '';
    const parts: Part[] = [lead + quote, ...attribute.parts, ...(quote ? [quote] : [])];
    if (attribute.presence === 'always' && attribute.form !== 'integer' && !needsName(attribute)) {
      pending.push(...parts);
      continue;
    }
    if (position === 0)
      throw new Error(`the first attribute of ${type.name} must be one that is always present`);
    planPending();
    plan.push({ kind: 'attribute', attribute, steps: planParts(parts) });
  }
  pending.push(record.close);
  planPending();
  return plan;
}

/** The same for types of record that differ in nothing but constant text: they can share code. */
export function planIdentity(type: RecordType, plan: readonly PlanStep[]): string {
  // Groups of attributes have code for their own type.
  const own = plan.some(({ kind }) => kind === 'group');
  return JSON.stringify([own ? type.name : type.shape, ...plan.map(stepIdentity)]);
}

function stepIdentity(step: PlanStep): unknown {
  switch (step.kind) {
    case 'text':
      return 0;
    case 'attribute': {
      const { key, form, presence } = step.attribute;
      // Where an empty value is taken back, code knows how long its key is.
      const keyLength = presence === 'nonempty' ? key.length : 0;
      return [form, presence, keyLength, needsName(step.attribute), ...step.steps.map(stepIdentity)];
    }
    default:
      return step;
  }
}

function planParts(parts: readonly Part[]): PlanStep[] {
  return findRuns(mergeTexts(parts)).map((segment): PlanStep => {
    if ('run' in segment) return { kind: 'run', run: segment.run };
    if (typeof segment.part === 'string') return { kind: 'text', text: segment.part };
    return { kind: 'content', content: segment.part };
  });
}

function mergeTexts(parts: readonly Part[]): Part[] {
  const merged: Part[] = [];
  for (const part of parts) {
    const last = merged.at(-1);
    if (typeof part === 'string' && typeof last === 'string') merged[merged.length - 1] = last + part;
    else merged.push(part);
  }
  return merged;
}
