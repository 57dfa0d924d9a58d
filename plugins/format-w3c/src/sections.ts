import type { RelationClass } from '@camflow/api';

/** Sections of a document, in the order in which they are written. */
export const sections = [
  'activity',
  'agent',
  'entity',
  'used',
  'wasGeneratedBy',
  'wasInformedBy',
  'wasAssociatedWith',
  'wasInfluencedBy',
  'wasDerivedFrom',
] as const;

/** Name of a section. */
export type Section = (typeof sections)[number];

/** Where a class of relations goes, and the keys of its two ends: where information came from, and where it went. */
export interface RelationSection {
  readonly section: Section;
  readonly sender: string;
  readonly receiver: string;
}

/** Keys follow the class of the relation, whatever nodes it connects. */
export const relationSections: Readonly<Record<RelationClass, RelationSection>> = {
  used: { section: 'used', sender: 'prov:entity', receiver: 'prov:activity' },
  generated: { section: 'wasGeneratedBy', sender: 'prov:activity', receiver: 'prov:entity' },
  informed: { section: 'wasInformedBy', sender: 'prov:informant', receiver: 'prov:informed' },
  influenced: { section: 'wasInfluencedBy', sender: 'prov:influencer', receiver: 'prov:influencee' },
  associated: { section: 'wasAssociatedWith', sender: 'prov:agent', receiver: 'prov:activity' },
  derived: { section: 'wasDerivedFrom', sender: 'prov:usedEntity', receiver: 'prov:generatedEntity' },
};
