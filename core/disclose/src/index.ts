/**
 * For programs: tells the recorder what only the program knows. No privilege is needed; a program can tell of itself
 * only.
 *
 * @packageDocumentation
 */
export { type ConnectOptions, connect, defaultSocketPath } from './connect.ts';
export {
  type DisclosedNode,
  Disclosure,
  type NodeAttributes,
  type NodeClass,
  type NodeOptions,
} from './disclosure.ts';
