import {
  acceptCases,
  addressCases,
  earlyCases,
  headerCases,
  hiddenCases,
  overlapCases,
  rangeCases,
} from './address-cases.ts';
import { filters, memory } from './filter-cases.ts';
import { becomingCases, contexts, identityCases, namespaceCases, ownerCases } from './identity-cases.ts';
import { files, processes } from './mark-cases.ts';
import type { PolicyCase } from './policy-case.ts';
import { mappedCases, propagation } from './propagation-cases.ts';

/** Every case, in the order in which they run. */
export const cases: readonly PolicyCase[] = [
  ...files,
  ...processes,
  ...identityCases,
  ...ownerCases,
  ...becomingCases,
  ...namespaceCases,
  ...addressCases,
  ...overlapCases,
  ...rangeCases,
  ...acceptCases,
  ...earlyCases,
  ...headerCases,
  ...hiddenCases,
  ...propagation,
  ...mappedCases,
  ...filters,
  ...memory,
  ...contexts,
];
