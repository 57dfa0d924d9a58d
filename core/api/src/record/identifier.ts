/** Bytes of a node or packet identifier, and of the printed form of any identifier. */
export const identifierBytes = 32;

/**
 * The identifier as CamFlow prints it: base64 of all 32 bytes, 44 characters.
 * @param bytes - memory holding the identifier
 * @param offset - where it starts
 */
export function identifierText(bytes: Uint8Array, offset: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + offset, identifierBytes).toString('base64');
}
