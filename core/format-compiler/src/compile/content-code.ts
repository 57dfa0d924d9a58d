import { type Abi, type Field, fieldOf, type RecordType } from '@camflow/api';
import { maxEscapeBytes } from '../encode/json-text.ts';
import type { Content } from '../table/content.ts';
import type { CodeWriter } from './code-writer.ts';
import { fieldStart, isWide, narrowField, storedBytes, wideField } from './field-code.ts';

/** What compiling the content of types of record that share code needs to know. */
export interface ContentScope {
  /** All of one structure. */
  readonly types: readonly [RecordType, ...RecordType[]];
  readonly abi: Abi;
  /** Most bytes of a node name, a security context or a text of recorded length once rendered. */
  readonly maxTextBytes: number;
  /** Text fields written so far: a second time they are copied from the output. */
  readonly written: Set<string>;
}

/** A field of the record that is compiled. */
export function fieldIn(scope: ContentScope, name: string): Field {
  return fieldOf(scope.types[0].shape, name, scope.abi.shapes);
}

/** Adds the code that writes one content. The names it uses are those of {@link Surroundings}. */
export function writeContent(code: CodeWriter, content: Content, scope: ContentScope): void {
  const fieldNamed = (name: string): Field => fieldIn(scope, name);
  switch (content.kind) {
    case 'decimal': {
      const field = fieldNamed(content.field);
      if (isWide(field) && content.bits === undefined) {
        const [low, high] = wideField(field);
        const call = field.type === 'i64' ? 'decimal.i64' : 'decimal.u64';
        code.value(20, (p) => orShortDecimal(p, low, `${high}===0&&`, `${call}(${p},${low},${high})`));
      } else {
        const value = isWide(field) ? wideField(field)[0] : narrowField(field);
        code.value(10, (p) => orShortDecimal(p, value, '', `decimal.u32(${p},${value})`));
      }
      break;
    }
    case 'hex': {
      const field = fieldNamed(content.field);
      if (isWide(field)) code.value(16, (p) => `hex.u64(${p},${wideField(field).join()})`);
      else code.value(8, (p) => `hex.u32(${p},${narrowField(field)})`);
      break;
    }
    case 'text':
      writeTextField(code, fieldNamed(content.field), scope);
      break;
    case 'base64': {
      const field = fieldNamed(content.field);
      if (field.storedAt !== undefined) {
        const length = `fitting(${storedBytes(field)},2)`;
        code.value(scope.maxTextBytes, (p) => `base64.bytes(${p},w+${field.offset >> 2},${length})`);
        break;
      }
      const [low, high] = wideField(fieldNamed(content.length));
      const length = `(${high}!==0||${low}>>>0>${field.size}?${field.size}:${low})`;
      const most = Math.ceil(field.size / 3) * 4;
      code.value(most, (p) => `base64.bytes(${p},w+${field.offset >> 2},${length})`);
      break;
    }
    case 'uuid':
      code.fixed(36, (p) => `small.uuid(${p},${fieldStart(fieldNamed(content.field))})`);
      break;
    case 'endpoint': {
      const ends = [content.address, content.port].map((name) => fieldStart(fieldNamed(name)));
      code.value(21, (p) => `small.endpoint(${p},${ends.join()})`);
      break;
    }
    case 'endpoint6': {
      const ends = [content.address, content.port].map((name) => fieldStart(fieldNamed(name)));
      code.value(47, (p) => `small.endpoint6(${p},${ends.join()})`);
      break;
    }
    case 'boolean': {
      const comparison = `${narrowField(fieldNamed(content.field))}${content.whenZero ? '===' : '!=='}0`;
      code.value(5, (p) => `small.boolean(${p},${comparison})`);
      break;
    }
    case 'identifier':
      writeIdentifier(code, fieldNamed(content.field), scope.types);
      break;
    case 'typeName':
      code.value(16, (p) => `typeName(${p},w+${fieldNamed(content.field).offset >> 2})`);
      break;
    case 'name':
      code.value(scope.maxTextBytes, (p) => `names.copy(name,D,${p})`);
      break;
    case 'securityContext':
      code.value(scope.maxTextBytes, (p) => `securityContext(${p},${narrowField(fieldNamed('secid'))})`);
      break;
    case 'date':
      code.value(24, (p) => `dates.${content.form}(${p})`);
      break;
  }
}

/** Numbers of up to four digits are most numbers: they are written in place, without a call. */
function orShortDecimal(p: string, value: string, and: string, call: string): string {
  const short = `(D.setInt32(${p},digits.leading[${value}],true),${p}+digits.counts[${value}])`;
  return `${and}${value}>>>0<10000?${short}:${call}`;
}

/** A field that was written already is copied from the output: it is escaped there. */
function writeTextField(code: CodeWriter, field: Field, scope: ContentScope): void {
  const [start, end] = [`${field.name}Start`, `${field.name}End`];
  const recorded = field.storedAt !== undefined;
  const most = recorded ? scope.maxTextBytes : field.size * maxEscapeBytes;
  const size = recorded ? `fitting(${storedBytes(field)},${maxEscapeBytes})` : field.size;
  if (scope.written.has(field.name)) {
    code.value(most, (p) => `repeat(${p},${start},${end})`);
    return;
  }
  scope.written.add(field.name);
  code.statement(`${start}=p;`);
  code.value(most, (p) => `text(${p},${fieldStart(field)},${fieldStart(field)}+${size})`);
  code.statement(`${end}=p;`);
}

/** The first six bytes of a record's own identifier are those of its type: eight characters of constant text. */
function writeIdentifier(code: CodeWriter, field: Field, types: readonly RecordType[]): void {
  const word = `w+${field.offset >> 2}`;
  if (field.offset !== 0) {
    code.fixed(44, (p) => `base64.identifier(${p},${word})`);
    return;
  }
  code.text(types.map((type) => firstCharacters(type)));
  code.fixed(36, (p) => `base64.identifierTail(${p},${word})`);
}

function firstCharacters(type: RecordType): string {
  const head = Buffer.alloc(8);
  head.writeBigUInt64LE(type.code);
  return head.toString('base64', 0, 6);
}
