import type { Attribute, Presence, RecordText } from './attribute.ts';

/** What documentation says about one attribute. */
export interface AttributeDoc {
  /** The key as it stands in the output. */
  readonly key: string;
  /** JSON form of the value; `varies` where it depends on the record. */
  readonly form: 'string' | 'number' | 'integer' | 'varies';
  /** When it is there, in words. */
  readonly presence: string;
  /** What it means and its unit. */
  readonly about: string;
}

/** The attributes of a record type as data, in the order of the output: documentation is generated from it. */
export function describeAttributes(record: RecordText): AttributeDoc[] {
  return record.attributes.flatMap(describeAttribute);
}

function describeAttribute(attribute: Attribute): AttributeDoc[] {
  const { about } = attribute;
  if (attribute.kind === 'address') {
    return attribute.keys.map((key) => ({ key, form: 'varies', presence: 'by address family', about }));
  }
  if (attribute.kind === 'disclosed') {
    const presence = 'instead of members, where the text is no JSON';
    return [{ key: attribute.wholeTextKey, form: 'string', presence, about }];
  }
  const named = attribute.parts.some((part) => typeof part !== 'string' && part.kind === 'name');
  const conditions = [named ? 'where a name is known' : '', presenceInWords(attribute.presence)];
  const presence = conditions.filter(Boolean).join(', ') || 'always';
  return [{ key: attribute.key, form: attribute.form, presence, about }];
}

function presenceInWords(presence: Presence): string {
  if (presence === 'always') return '';
  if (presence === 'nonempty') return 'where not empty';
  const flag = presence.flag === undefined ? '' : ` and ${presence.flag} is 1`;
  return `where ${presence.positive} is above 0${flag}`;
}
