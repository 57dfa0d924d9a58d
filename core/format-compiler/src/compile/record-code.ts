import type { Abi, RecordType } from '@camflow/api';
import type { ValueAttribute } from '../table/attribute.ts';
import type { Content } from '../table/content.ts';
import { maxGroupBytes } from './attribute-groups.ts';
import { CodeWriter } from './code-writer.ts';
import { type ContentScope, fieldIn, writeContent } from './content-code.ts';
import { narrowField, wideField } from './field-code.ts';
import { needsName, type PlanStep } from './record-plan.ts';
import type { StableRuns } from './stable-runs.ts';

/** A type of record, and what is written of it. */
export interface PlannedRecord {
  readonly type: RecordType;
  readonly plan: readonly PlanStep[];
}

/** The code of types of record that differ in nothing but constant text. */
export interface RecordCode {
  readonly code: CodeWriter;
  /** Variables that it needs. */
  readonly variables: readonly string[];
}

/** Generates the code of types of record whose plans are the same but for constant text. */
export function generateRecordCode(
  family: readonly [PlannedRecord, ...PlannedRecord[]],
  runs: StableRuns,
  { abi, maxTextBytes }: { readonly abi: Abi; readonly maxTextBytes: number },
): RecordCode {
  const types = family.map(({ type }) => type) as [RecordType, ...RecordType[]];
  const scope: ContentScope = { types, abi, maxTextBytes, written: new Set() };
  const code = new CodeWriter();
  writeSteps(
    code,
    family.map(({ plan }) => plan),
    scope,
    runs,
  );
  return { code, variables: [...scope.written].flatMap((field) => [`${field}Start`, `${field}End`]) };
}

/** @param plans - one for each member of the family */
function writeSteps(
  code: CodeWriter,
  plans: readonly (readonly PlanStep[])[],
  scope: ContentScope,
  runs: StableRuns,
): void {
  for (const [index, step] of plans[0]!.entries()) {
    const steps = plans.map((plan) => plan[index]!);
    switch (step.kind) {
      case 'text':
        code.text(steps.map((of) => (of as typeof step).text));
        break;
      case 'content':
        writeContent(code, step.content, scope);
        break;
      case 'run':
        runs.write(code, step.run, scope);
        break;
      case 'group':
        code.value(maxGroupBytes(scope.maxTextBytes), (p) => `group${step.position}(${p},w)`);
        break;
      case 'attribute': {
        const inner = steps.map((of) => (of as typeof step).steps);
        writeAttribute(code, step.attribute, scope, () => {
          if (step.attribute.form === 'integer') writeInteger(code, step.attribute, inner, scope);
          else writeSteps(code, inner, scope, runs);
        });
      }
    }
  }
}

function writeAttribute(
  code: CodeWriter,
  attribute: ValueAttribute,
  scope: ContentScope,
  write: () => void,
): void {
  const { presence } = attribute;
  if (needsName(attribute)) code.statement('{const name=nameOf(w);if(name>=0){');
  else code.statement('{{');
  if (presence === 'nonempty') {
    // The text is written first and taken back where nothing stands between its quotes.
    const lead = `,${JSON.stringify(attribute.key)}:""`.length;
    code.statement('const before=p;');
    write();
    code.statement(`if(p===before+${lead})p=before;`);
  } else if (presence === 'always') write();
  else {
    const field = fieldIn(scope, presence.positive);
    const [low, high] = wideField(field);
    const above = field.type === 'i64' ? `(${high}>0||${high}===0&&${low}!==0)` : `(${high}!==0||${low}!==0)`;
    const flag = presence.flag === undefined ? '' : `${narrowField(fieldIn(scope, presence.flag))}===1&&`;
    code.statement(`if(${flag}${above}){`);
    write();
    code.statement('}');
  }
  code.statement('}}');
}

/** Writes key and value, and quotes around the value where a JSON number would not keep it exact. */
function writeInteger(
  code: CodeWriter,
  attribute: ValueAttribute,
  plans: readonly (readonly PlanStep[])[],
  scope: ContentScope,
): void {
  const [, high] = wideField(integerField(attribute, scope));
  code.text(plans.map(([lead]) => (lead as PlanStep & { readonly kind: 'text' }).text));
  code.statement(`const exact=${high}>>>0<2097152;`);
  code.statement('if(!exact)D.setUint8(p++,34);');
  writeContent(code, attribute.parts[0] as Content, scope);
  code.statement('if(!exact)D.setUint8(p++,34);');
  code.maxBytes += 2;
}

function integerField(attribute: ValueAttribute, scope: ContentScope): ReturnType<typeof fieldIn> {
  const [content] = attribute.parts;
  if (typeof content !== 'object' || content.kind !== 'decimal' || content.bits !== undefined) {
    throw new Error(`attribute ${attribute.key} of ${scope.types[0].name} is no integer`);
  }
  const field = fieldIn(scope, content.field);
  if (field.type !== 'u64') throw new Error(`field ${field.name} of attribute ${attribute.key} is no u64`);
  return field;
}
