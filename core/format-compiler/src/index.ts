/**
 * Compiles attribute tables over the record layout into fast serialisers.
 *
 * @packageDocumentation
 */
export * from './compile/compile-table.ts';
export * from './compile/fitting-table.ts';
export * from './encode/socket-address.ts';
export type { InvalidUtf8 } from './encode/utf8.ts';
export { TextTooLong } from './lookup/rendered-texts.ts';
export * from './table/attribute.ts';
export * from './table/content.ts';
export * from './table/describe-attributes.ts';
export * from './vocabulary/dialect.ts';
export { libraryVersion } from './vocabulary/library-version.ts';
export * from './vocabulary/node-attributes.ts';
