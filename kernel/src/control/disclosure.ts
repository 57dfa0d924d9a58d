import { CamflowError } from '@camflow/api';

/** Classes of nodes that programs may tell of. */
export type DisclosedClass = 'activity' | 'agent' | 'entity';

/** Classes of relations that programs may tell of. */
export const disclosedRelations = [
  'derived',
  'generated',
  'used',
  'informed',
  'influenced',
  'associated',
] as const;

/** One of {@link disclosedRelations}. */
export type DisclosedRelation = (typeof disclosedRelations)[number];

/** Most bytes of JSON that a disclosed node carries. */
export const mostAttributeBytes = 4096;

/** Values of attributes. */
export type DisclosedValue = string | number | boolean;

/** Attributes of a disclosed node. */
export type DisclosedAttributes = Readonly<Record<string, DisclosedValue>>;

/**
 * What the calling process tells of itself. CamFlow's kernel takes it; with BPF programs it goes to the socket of camflowd,
 * for which `@camflow/disclose` is, and every call here throws `UNSUPPORTED`, for root too.
 */
export interface DisclosureControl {
  /**
   * Publishes a node, as a child of the calling process.
   * @returns its identifier, 32 bytes, for relations
   * @throws CamflowError `DISCLOSURE_REFUSED` where the attributes are not acceptable
   */
  node(nodeClass: DisclosedClass, attributes: DisclosedAttributes): Uint8Array;
  /** Publishes a relation: information flows `from` one node `to` the other. */
  relation(relation: DisclosedRelation, from: Uint8Array, to: Uint8Array): void;
}

/**
 * The text of a disclosed node's attributes: the members of a JSON object, without its braces, as records carry them.
 * @throws CamflowError `DISCLOSURE_REFUSED`: not a flat object of texts, numbers and booleans, or too large
 */
export function attributeText(attributes: unknown): string {
  const refuse = (why: string): never => {
    throw new CamflowError('DISCLOSURE_REFUSED', `These attributes cannot be disclosed: ${why}`, {
      hint: 'Give an object whose values are texts, finite numbers or booleans.',
    });
  };
  if (typeof attributes !== 'object' || attributes === null || Array.isArray(attributes)) {
    return refuse('they are not an object');
  }
  for (const [name, value] of Object.entries(attributes)) {
    if (name === '') refuse('one has no name');
    if (!Number.isFinite(value) && typeof value !== 'string' && typeof value !== 'boolean') {
      refuse(`"${name.slice(0, 40)}" is neither text, nor a finite number, nor a boolean`);
    }
  }
  const text = JSON.stringify(attributes).slice(1, -1);
  const size = Buffer.byteLength(text);
  if (size > mostAttributeBytes) refuse(`${size} bytes are more than ${mostAttributeBytes}`);
  return text;
}
