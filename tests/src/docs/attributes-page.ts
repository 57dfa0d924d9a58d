import { type RecordType, recordTypes } from '@camflow/api';
import { type AttributeDoc, describeAttributes, type FormatTable } from '@camflow/format-compiler';
import { spadeTable } from '@camflow/format-spade-json';
import { w3cTable } from '@camflow/format-w3c';

function introduction(name: string): string {
  return `# Attributes of \`${name}\`

What the format \`${name}\` writes for each type of record, in its default dialect. This page is made from the table that
the serialiser is compiled from. \`dialect=camflow\` has CamFlow's own forms instead, and leaves out the types that CamFlow
has no words for ([why there are two](adr/0003-two-dialects.md)).

A \`string\` and a \`number\` are those of JSON. Text is whole, whatever its length; bytes that are not UTF-8 are written by
[a rule that can be undone](adr/0004-text-that-is-not-utf-8.md).`;
}

/** The formats that have a page, with their tables. */
export const documentedFormats: ReadonlyMap<string, FormatTable> = new Map([
  ['w3c', w3cTable('default')],
  ['spade_json', spadeTable('default')],
]);

/** Types that are described together, as their attributes are the same. */
interface Group {
  readonly types: RecordType[];
  readonly attributes: readonly AttributeDoc[];
}

/** The page that documents every attribute of a format. */
export function renderAttributesPage(name: string, table: FormatTable): string {
  const parts = [introduction(name)];
  for (const category of ['node', 'relation'] as const) {
    const types = recordTypes.filter((type) => type.category === category && table(type) !== undefined);
    const described = types.map((type) => ({ type, attributes: describeAttributes(table(type)!) }));
    // Packets share nothing with other nodes: their header fields identify them.
    const alike = described.filter(({ type }) => type.shape !== 'packet');
    const common = alike[0]!.attributes.filter((one) =>
      alike.every(({ attributes }) => includes(attributes, one)),
    );
    parts.push(`## Every ${category === 'node' ? 'node but `packet`' : 'relation'}`, tableOf(common));
    for (const { types: together, attributes } of grouped(described, common)) {
      const names = together.map((type) => `\`${type.name}\``).join(', ');
      parts.push(category === 'node' ? `**${names}**` : `**${together[0]!.class}**: ${names}`);
      parts.push(attributes.length === 0 ? 'No more.' : tableOf(attributes));
    }
  }
  return `${parts.join('\n\n')}\n`;
}

function grouped(
  described: readonly { readonly type: RecordType; readonly attributes: readonly AttributeDoc[] }[],
  common: readonly AttributeDoc[],
): Group[] {
  const groups = new Map<string, Group>();
  for (const { type, attributes } of described) {
    const own = type.shape === 'packet' ? attributes : attributes.filter((one) => !includes(common, one));
    const identity = JSON.stringify([type.category === 'relation' && type.class, own]);
    const group = groups.get(identity) ?? { types: [], attributes: own };
    group.types.push(type);
    groups.set(identity, group);
  }
  return [...groups.values()];
}

function includes(attributes: readonly AttributeDoc[], one: AttributeDoc): boolean {
  return attributes.some((other) => JSON.stringify(other) === JSON.stringify(one));
}

function tableOf(attributes: readonly AttributeDoc[]): string {
  const rows = attributes.map(
    ({ key, form, presence, about }) => `| \`${key}\` | ${form} | ${presence} | ${about} |`,
  );
  return ['| Key | Form | Present | Meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
}
