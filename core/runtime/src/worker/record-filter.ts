import {
  CamflowError,
  shapes as camflowShapes,
  type FieldTest,
  type FilterRule,
  nodeTypeNamed,
  type RecordFilter,
  type RecordType,
  recordTypes,
  relationTypeNamed,
  type Shape,
  type ShapeName,
  scalar,
} from '@camflow/api';
import { integerReader } from './integer-field.ts';

type Test = (view: DataView, record: number) => boolean;

interface Branch {
  readonly keep: boolean;
  readonly tests: readonly Test[];
}

/** Decides which records are kept. Most types are decided without looking at the record. */
export class CompiledFilter {
  readonly #view: DataView;
  readonly #branches: readonly (readonly Branch[])[];

  /**
   * @param memory - where the records stand
   * @param shapes - the structures of their interface. Default CamFlow 0.9's
   * @throws CamflowError `PLUGIN_BAD_OPTIONS` where a rule names something that does not exist
   */
  constructor(
    filter: RecordFilter,
    memory: SharedArrayBuffer,
    shapes: ReadonlyMap<ShapeName, Shape> = camflowShapes,
  ) {
    this.#view = new DataView(memory);
    for (const rule of filter.rules) checkNames(rule);
    this.#branches = [[], ...recordTypes.map((type) => branchesOf(filter, type, shapes.get(type.shape)!))];
  }

  /**
   * @param type - index of a known type
   * @param offset - where the record stands
   */
  keeps(type: number, offset: number): boolean {
    const branches = this.#branches[type]!;
    for (let i = 0; i < branches.length; i++) {
      const { keep, tests } = branches[i]!;
      let at = 0;
      while (at < tests.length && tests[at]!(this.#view, offset)) at++;
      if (at === tests.length) return keep;
    }
    return true;
  }
}

/** The rules that may decide about a type; what follows one without tests never does. */
function branchesOf(filter: RecordFilter, type: RecordType, shape: Shape): Branch[] {
  const branches: Branch[] = [];
  for (const rule of filter.rules) {
    if (!concerns(rule, type)) continue;
    const tests = (rule.where ?? []).map((test) => compileTest(test, type, shape));
    if (tests.includes(null)) continue;
    branches.push({ keep: rule.action === 'keep', tests: tests as Test[] });
    if (tests.length === 0) break;
  }
  return branches;
}

function concerns(rule: FilterRule, type: RecordType): boolean {
  if (rule.nodes === undefined && rule.relations === undefined) return true;
  const names = type.category === 'node' ? rule.nodes : rule.relations;
  return names !== undefined && (names.includes('*') || names.includes(type.name));
}

/** Null where a record of this type can never match. */
function compileTest(test: FieldTest, type: RecordType, { fields }: Shape): Test | null {
  const isEnd = test.field === 'snd.type' || test.field === 'rcv.type';
  const end = isEnd ? fields.get(test.field.slice(0, 3)) : undefined;
  const field = end ? scalar('type', 'u64', end.offset) : fields.get(test.field);
  if (field === undefined) return null;
  const read = integerReader(field);
  if (read === undefined) throw badFilter(`field ${test.field} holds no integer and cannot be tested`);
  const category = test.field === 'type' ? type.category : 'node';
  const isType = isEnd || test.field === 'type' || test.field === 'previous_type';
  const values = test.values.flatMap((value) => testValue(value, isType, category, test.field));
  if (test.op === 'mask')
    return (view, record) => values.some((value) => (read(view, record) & value) !== 0n);
  const wanted = new Set(values);
  return (view, record) => wanted.has(read(view, record));
}

/** The bits of a value; none where it names a type of the other category. */
function testValue(text: string, isType: boolean, category: RecordType['category'], field: string): bigint[] {
  if (/^(0x[0-9a-f]+|-?[0-9]+)$/i.test(text)) return [BigInt.asUintN(64, BigInt(text))];
  const node = isType ? nodeTypeNamed(text) : undefined;
  const relation = isType ? relationTypeNamed(text) : undefined;
  if (node === undefined && relation === undefined) {
    throw badFilter(`${text} is not a value of field ${field}`);
  }
  const type = category === 'node' ? node : relation;
  return type === undefined ? [] : [type.code];
}

function checkNames(rule: FilterRule): void {
  for (const name of rule.nodes ?? []) {
    if (name !== '*' && !nodeTypeNamed(name)) throw badFilter(`there is no node type ${name}`);
  }
  for (const name of rule.relations ?? []) {
    if (name !== '*' && !relationTypeNamed(name)) throw badFilter(`there is no relation type ${name}`);
  }
  for (const { field } of rule.where ?? []) {
    if (field === 'snd.type' || field === 'rcv.type') continue;
    if (!recordTypes.some((type) => camflowShapes.get(type.shape)!.fields.has(field))) {
      throw badFilter(`no record has a field ${field}`);
    }
  }
}

function badFilter(message: string): CamflowError {
  return new CamflowError('PLUGIN_BAD_OPTIONS', `the policy's filter cannot be used: ${message}`, {
    hint: 'See the record types and fields in the manual',
  });
}
