/**
 * What a piece of output text is made from. Field names are those of the record's structure in the layout table.
 * Content never includes the quotes around it.
 */
export type Content =
  /** An integer field of any width, in decimal; a minus sign where the field is signed and negative. */
  | { readonly kind: 'decimal'; readonly field: string; readonly bits?: 32 }
  /** An unsigned integer field in lower-case hexadecimal, without leading zeros and without `0x`. */
  | { readonly kind: 'hex'; readonly field: string }
  /** A text field up to its NUL (the whole array where there is none), escaped for JSON. */
  | { readonly kind: 'text'; readonly field: string }
  /** A byte array in base64, cut to what the field `length` says and never beyond the array. */
  | { readonly kind: 'base64'; readonly field: string; readonly length: string }
  /** Sixteen bytes as 8-4-4-4-12 lower-case hexadecimal digits. */
  | { readonly kind: 'uuid'; readonly field: string }
  /** An IPv4 address and a port, `a.b.c.d:port`. */
  | { readonly kind: 'endpoint'; readonly address: string; readonly port: string }
  /** An IPv6 address and a port, `[address]:port`. */
  | { readonly kind: 'endpoint6'; readonly address: string; readonly port: string }
  /** `true` where the field is zero (`whenZero`) or where it is not, else `false`. */
  | { readonly kind: 'boolean'; readonly field: string; readonly whenZero: boolean }
  /** All 32 bytes of an identifier in base64, 44 characters. */
  | { readonly kind: 'identifier'; readonly field: string }
  /** The name of the node type in an identifier; its code in hexadecimal where there is no such type. */
  | { readonly kind: 'typeName'; readonly field: string }
  /** The path that names the node, escaped for JSON. */
  | { readonly kind: 'name' }
  /** The security context of the node, escaped for JSON; its number in hexadecimal where no text is known. */
  | { readonly kind: 'securityContext' }
  /** When the batch was captured: CamFlow's `YYYY:MM:DDTHH:MM:SS`, or ISO 8601 with milliseconds and `Z`. */
  | { readonly kind: 'date'; readonly form: 'camflow' | 'iso' };

/** Constant text (printable ASCII, already escaped for where it stands) or content. */
export type Part = string | Content;

/** Decimal digits of an integer field; `bits: 32` prints only its lower half. */
export const decimal = (field: string, bits?: 32): Content => ({
  kind: 'decimal',
  field,
  ...(bits && { bits }),
});
/** Hexadecimal digits of an integer field. */
export const hex = (field: string): Content => ({ kind: 'hex', field });
/** A text field. */
export const text = (field: string): Content => ({ kind: 'text', field });
/** A byte array in base64, with the field that holds its length. */
export const base64 = (field: string, length: string): Content => ({ kind: 'base64', field, length });
/** A UUID field. */
export const uuid = (field: string): Content => ({ kind: 'uuid', field });
/** An IPv4 endpoint. */
export const endpoint = (address: string, port: string): Content => ({ kind: 'endpoint', address, port });
/** An IPv6 endpoint. */
export const endpoint6 = (address: string, port: string): Content => ({ kind: 'endpoint6', address, port });
/** `true` where a field is not zero. */
export const isSet = (field: string): Content => ({ kind: 'boolean', field, whenZero: false });
/** `true` where a field is zero. */
export const isZero = (field: string): Content => ({ kind: 'boolean', field, whenZero: true });
/** An identifier field. */
export const identifier = (field: string): Content => ({ kind: 'identifier', field });
/** The type name inside an identifier field. */
export const typeName = (field: string): Content => ({ kind: 'typeName', field });
/** The name of the node. */
export const nodeName: Content = { kind: 'name' };
/** The security context of the node. */
export const securityContext: Content = { kind: 'securityContext' };
/** The date of the batch in CamFlow's form. */
export const camflowDate: Content = { kind: 'date', form: 'camflow' };
/** The date of the batch in ISO 8601. */
export const isoDate: Content = { kind: 'date', form: 'iso' };
