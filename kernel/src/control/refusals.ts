import { type CamflowError, isCamflowError } from '@camflow/api';
import type { RelayRequest } from './provenance-control.ts';
import type { Rule, RuleSelector } from './rules.ts';

/** What a kernel is to be told, as far as it may refuse it for what it is. */
export interface PolicyRequest {
  /** Rules that are in force and stay, or say something else then. */
  readonly present: readonly Rule[];
  /** Rules that are to be made. */
  readonly added: readonly Rule[];
  /** Buffers that are to be made; undefined where they are there. */
  readonly relay?: Pick<RelayRequest, 'bufferExponent' | 'buffers'> | undefined;
}

/** Something that a kernel would refuse. */
export interface Refusal {
  readonly about: RuleSelector | 'relay';
  readonly error: CamflowError;
}

/** Tries something that changes nothing. @returns what was wrong with it */
export function refusalOf(about: Refusal['about'], attempt: () => void): Refusal[] {
  try {
    attempt();
    return [];
  } catch (error) {
    if (!isCamflowError(error)) throw error;
    return [{ about, error: error as CamflowError }];
  }
}
