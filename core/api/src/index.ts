/**
 * Contracts and record model of CamFlow: all that a plugin imports.
 *
 * @packageDocumentation
 */
export * from './contracts/capture-source.ts';
export * from './contracts/formatter.ts';
export * from './contracts/logger.ts';
export * from './contracts/loss.ts';
export * from './contracts/plugin.ts';
export * from './contracts/policy.ts';
export * from './contracts/policy-hash.ts';
export * from './contracts/policy-program.ts';
export * from './contracts/push-down.ts';
export * from './contracts/sink.ts';
export * from './errors/camflow-error.ts';
export * from './errors/codes.ts';
export * from './errors/sink-stopped.ts';
export * from './files/make-folder.ts';
export * from './options/address-order.ts';
export * from './options/address-range.ts';
export * from './options/nearest-name.ts';
export * from './options/options-definition.ts';
export * from './options/standard-schema.ts';
export * from './options/validate-options.ts';
export * from './record/abi.ts';
export * from './record/field.ts';
export * from './record/identifier.ts';
export * from './record/ipv6-text.ts';
export * from './record/record-types.ts';
export * from './record/record-view.ts';
export * from './record/scan.ts';
export * from './record/shapes.ts';
export * from './record/sized-shapes.ts';
export * from './record/text.ts';
export * from './record/text-field.ts';
export * from './record/type-index.ts';
export * from './units/unit-groups.ts';
export * from './units/unit-id.ts';
