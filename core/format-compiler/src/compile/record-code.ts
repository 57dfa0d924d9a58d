import type { Abi, RecordType } from '@camflow/api';
import type { RecordText, ValueAttribute } from '../table/attribute.ts';
import type { Part } from '../table/content.ts';
import { maxGroupBytes } from './attribute-groups.ts';
import { CodeWriter } from './code-writer.ts';
import { type ContentScope, fieldIn, writeContent } from './content-code.ts';
import { narrowField, wideField } from './field-code.ts';
import { findRuns, type StableRuns } from './stable-runs.ts';

/** The code of one record type. */
export interface RecordCode {
  readonly type: RecordType;
  readonly code: CodeWriter;
  /** Variables that it needs. */
  readonly variables: readonly string[];
}

/** Generates the code of a record type. */
export function generateRecordCode(
  type: RecordType,
  record: RecordText,
  runs: StableRuns,
  { abi, maxTextBytes }: { readonly abi: Abi; readonly maxTextBytes: number },
): RecordCode {
  const scope: ContentScope = { type, abi, maxTextBytes, written: new Set() };
  const code = new CodeWriter();
  let pending: Part[] = [...record.open];
  /** Parts gathered so far are written together: a run may reach over many attributes. */
  const writePending = (): void => {
    for (const segment of findRuns(mergeTexts(pending))) {
      if ('run' in segment) runs.write(code, segment.run, scope);
      else if (typeof segment.part === 'string') code.text(segment.part);
      else writeContent(code, segment.part, scope);
    }
    pending = [];
  };

  for (const [position, attribute] of record.attributes.entries()) {
    if (attribute.kind !== 'value') {
      writePending();
      code.value(maxGroupBytes(maxTextBytes), (p) => `group${position}(${p},w)`);
      continue;
    }
    const lead = `${position === 0 ? '' : ','}${JSON.stringify(attribute.key)}:`;
    const quote = attribute.form === 'string' ? '"' : '';
    const parts: Part[] = [lead + quote, ...attribute.parts, ...(quote ? [quote] : [])];
    const named = attribute.parts.some((part) => typeof part !== 'string' && part.kind === 'name');
    if (attribute.presence === 'always' && attribute.form !== 'integer' && !named) {
      pending.push(...parts);
      continue;
    }
    if (position === 0)
      throw new Error(`the first attribute of ${type.name} must be one that is always present`);
    writePending();
    writeConditionally(code, attribute, scope, named, () => {
      if (attribute.form !== 'integer') {
        pending = parts;
        return writePending();
      }
      const [, high] = wideField(integerField(attribute, scope));
      code.text(lead);
      code.statement(`const exact=${high}>>>0<2097152;`);
      code.statement('if(!exact)D.setUint8(p++,34);');
      writeContent(code, attribute.parts[0] as Exclude<Part, string>, scope);
      code.statement('if(!exact)D.setUint8(p++,34);');
      code.maxBytes += 2;
    });
  }
  pending.push(record.close);
  writePending();
  return { type, code, variables: [...scope.written].flatMap((field) => [`${field}Start`, `${field}End`]) };
}

function writeConditionally(
  code: CodeWriter,
  attribute: ValueAttribute,
  scope: ContentScope,
  named: boolean,
  write: () => void,
): void {
  const { presence } = attribute;
  if (named) code.statement('{const name=nameOf(w);if(name>=0){');
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

function integerField(attribute: ValueAttribute, scope: ContentScope): ReturnType<typeof fieldIn> {
  const [content] = attribute.parts;
  if (typeof content !== 'object' || content.kind !== 'decimal' || content.bits !== undefined) {
    throw new Error(`attribute ${attribute.key} of ${scope.type.name} is no integer`);
  }
  const field = fieldIn(scope, content.field);
  if (field.type !== 'u64') throw new Error(`field ${field.name} of attribute ${attribute.key} is no u64`);
  return field;
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
