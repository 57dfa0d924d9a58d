import type { SocketAddress } from '../encode/socket-address.ts';
import type { Content, Part } from './content.ts';

/** When an attribute is written; otherwise key and value are both left out. */
export type Presence =
  | 'always'
  /** Where its value is not empty. */
  | 'nonempty'
  /** Where the 64-bit field is above zero, and the byte field `flag`, if given, is 1. */
  | { readonly positive: string; readonly flag?: string };

/** One attribute with a value of its own. */
export interface ValueAttribute {
  readonly kind: 'value';
  readonly key: string;
  /**
   * JSON form of the value: `string`, `number`, or `integer`: a number as long as every JSON reader keeps it
   * exact (up to 2^53 - 1), a string above.
   */
  readonly form: 'string' | 'number' | 'integer';
  /** What the value is made of, in order. An absent node name leaves the attribute out whatever `presence` says. */
  readonly parts: readonly Part[];
  readonly presence: Presence;
  /** What it means and its unit, for the documentation. */
  readonly about: string;
}

/** A value as it goes into JSON. */
export type JsonValue = string | number | boolean | null | { readonly [key: string]: JsonValue };

/** A socket address, which becomes several attributes depending on its family. */
export interface AddressAttributes {
  readonly kind: 'address';
  /** Every key that may appear, for the documentation. */
  readonly keys: readonly string[];
  /** Chooses keys and values; values are escaped by the compiler. */
  readonly entries: (address: SocketAddress) => readonly (readonly [key: string, value: JsonValue])[];
  readonly about: string;
}

/** What users disclosed: the inside of a JSON object, merged; text that is none is kept whole under one key. */
export interface DisclosedAttributes {
  readonly kind: 'disclosed';
  /** Key that takes text which is not the inside of a JSON object. */
  readonly wholeTextKey: string;
  /** Chooses the key of a disclosed member. */
  readonly keyOf: (name: string) => string;
  /** Chooses another key for a member whose key the record already has; asked again until the key is free. */
  readonly renamed: (key: string) => string;
  /** Objects, arrays and null: kept as JSON, or as a string that holds their JSON. */
  readonly nested: 'json' | 'string';
  readonly about: string;
}

/** One entry of an attribute table. */
export type Attribute = ValueAttribute | AddressAttributes | DisclosedAttributes;

/** How one type of record is written. The first attribute must be one that is always present. */
export interface RecordText {
  /** Before the attributes, opening brace included. */
  readonly open: readonly Part[];
  readonly attributes: readonly Attribute[];
  /** After the attributes. */
  readonly close: string;
  /** Key of the output region that takes records of this type, for formats that sort records into sections. */
  readonly section: string;
}

/** A string attribute that is always there. */
export function string(key: string, about: string, ...parts: Part[]): ValueAttribute {
  return { kind: 'value', key, form: 'string', parts, presence: 'always', about };
}

/** A number attribute that is always there; its field must have at most 32 bits. */
export function number(key: string, about: string, content: Content): ValueAttribute {
  return { kind: 'value', key, form: 'number', parts: [content], presence: 'always', about };
}

/** A whole number of up to 64 bits that stays a JSON number where that is exact. */
export function integer(key: string, about: string, content: Content): ValueAttribute {
  return { kind: 'value', key, form: 'integer', parts: [content], presence: 'always', about };
}

/** The same attribute, written only under a condition. */
export function when(presence: Presence, attribute: ValueAttribute): ValueAttribute {
  return { ...attribute, presence };
}
