import { array, type Field, recordedArray, scalar } from './field.ts';
import { type Shape, type ShapeName, shapeOfNode, shapes } from './shapes.ts';

/** The bytes that a record holds, of `length` bytes that there were. */
const storedAt = 152;

const arrayOffset = 160;

/** The longest name of an extended attribute and a NUL. */
const xattrNameBytes = 256;

/** What stands before the bytes of every structure of variable size; `length` is called `size` in CamFlow's `xattr`. */
function variableNode(
  name: ShapeName,
  variable: Field,
  more: readonly Field[] = [],
  length = 'length',
): Shape {
  return shapeOfNode(name, variable.offset, [
    scalar(length, 'u64', 144),
    scalar('truncated', 'u8', storedAt + 4),
    ...more,
    variable,
  ]);
}

const text = (name: string): Field => recordedArray(name, 'text', arrayOffset, storedAt);
const bytes = (name: string): Field => recordedArray(name, 'bytes', arrayOffset, storedAt);

const variable: readonly Shape[] = [
  variableNode('string', text('str')),
  variableNode('path', text('name')),
  variableNode('address', bytes('addr')),
  variableNode('packet_content', bytes('content')),
  variableNode('argument', text('value')),
  variableNode('disclosed', recordedArray('content', 'bytes', arrayOffset + 32, storedAt), [
    scalar('parent', 'identifier', arrayOffset),
  ]),
  variableNode(
    'xattr',
    recordedArray('value', 'bytes', arrayOffset + xattrNameBytes, storedAt),
    [array('name', 'text', arrayOffset, xattrNameBytes)],
    'size',
  ),
];

/** CamFlow's record structures with arrays of recorded length in place of fixed ones. */
export const sizedShapes: ReadonlyMap<ShapeName, Shape> = new Map([
  ...shapes,
  ...variable.map((shape): [ShapeName, Shape] => [shape.name, shape]),
]);
