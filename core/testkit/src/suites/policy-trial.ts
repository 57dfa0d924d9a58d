import type {
  PolicyDefinition,
  PolicyPart,
  PolicyProgram,
  RawOptions,
  SourceCapabilities,
} from '@camflow/api';
import { acceptedOptions } from '../fakes/accepted-options.ts';
import { createTestLogger } from '../fakes/test-logger.ts';

/** A policy on trial. */
export interface PolicySuiteOptions<Options = never> {
  readonly definition: PolicyDefinition<Options>;
  /** Options to try it with, as a configuration file holds them. Default: none. */
  readonly options?: RawOptions;
  /** Options that mean other policies than these, and than one another. Without them the rule about it is left out. */
  readonly variants?: readonly RawOptions[];
}

/** Compiles a policy in several ways. */
export class PolicyTrial {
  readonly definition: PolicyDefinition<unknown>;
  readonly options: RawOptions;
  readonly variants: readonly RawOptions[];

  constructor(options: PolicySuiteOptions<unknown>) {
    this.definition = options.definition;
    this.options = options.options ?? {};
    this.variants = options.variants ?? [];
  }

  /** What a source that takes over these parts says about itself. */
  capabilities(pushDown: readonly PolicyPart[]): SourceCapabilities {
    return { finite: false, rereadable: false, heldBatches: 0, pushDown: [...pushDown] };
  }

  /** Makes the policy anew and compiles it. */
  async compile(
    pushDown: readonly PolicyPart[] = [],
    options: RawOptions = this.options,
    capabilities: SourceCapabilities = this.capabilities(pushDown),
  ): Promise<PolicyProgram> {
    const accepted = await acceptedOptions(this.definition, options);
    const context = { log: createTestLogger(), section: this.definition.name };
    return this.definition.create(accepted, context).compile(capabilities);
  }
}

/** Sets of parts that a source can offer to take over. */
export const offers: readonly (readonly PolicyPart[])[] = [
  [],
  ['types'],
  ['ends'],
  ['fields'],
  ['types', 'ends'],
  ['types', 'ends', 'fields'],
];
