/**
 * The part of the Standard Schema interface (version 1) that is used here. Schemas of valibot, zod, arktype and
 * others have this shape, so an author picks the validator.
 */
export interface OptionSchema<Output> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    validate(value: unknown): SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

/** What a schema answers: a value, or what is wrong. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly SchemaIssue[] };

/** One thing that is wrong with the options. */
export interface SchemaIssue {
  readonly message: string;
  /** Path to the value; the first element is the name of the option. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}
