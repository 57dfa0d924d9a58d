/**
 * The segment container: checksummed, compressed frames for capture files and spools.
 *
 * @packageDocumentation
 */
export * from './block.ts';
export * from './frame.ts';
export * from './header.ts';
export * from './record-frame.ts';
export * from './record-reader.ts';
export * from './segment-reader.ts';
export * from './unit-frame.ts';
