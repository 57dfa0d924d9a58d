import { firstExtensionBit, recordTypes } from '@camflow/api';
import { type HookArea, type HookRecord, type HookRow, programsIn } from './hook-tables.ts';

const generated =
  '<!-- Written by tests/src/docs/model.test.ts from the tables beside the programs: run vitest with -u. -->';

const sequences = `## Sequences

| Name | Recorded, in this order |
| --- | --- |
| uses | the relation, entity to task; \`memory_write\` from the task to its process_memory; \`sh_write\` from that to every file that it has mapped shared for writing |
| reads | the relation, entity to task |
| generates | \`sh_read\` from every file that it has mapped shared to the process_memory, where that has not read this version before; \`memory_read\` from that to the task; the relation, task to entity |
| derives | the relation, entity to entity |
| informs | the relation, task to task |
| ends | the relation, from the last version to the end |

Once in an epoch \`ran_on\` from the machine to the task comes before. A relation into a version that something has left
makes a new version, linked by \`version_entity\` or \`version_activity\`; one that equals the last into its node is left out.`;

/** Every page about the model, by its path below docs/model. */
export function modelPages(areas: readonly HookArea[]): Map<string, string> {
  const pages = new Map<string, string>();
  pages.set('README.md', index(areas));
  pages.set('relations.md', relations(areas));
  pages.set('nodes.md', nodes());
  for (const area of areas) for (const row of area.rows) pages.set(`hooks/${row.hook}.md`, page(area, row));
  return pages;
}

function index(areas: readonly HookArea[]): string {
  const tables = areas
    .filter(({ rows }) => rows.length > 0)
    .map(({ name, rows }) => {
      const lines = rows.map(({ hook, records, about }) => {
        const names = [...new Set(records.map(({ relation }) => `\`${relation}\``))].join(', ') || 'nothing';
        return `| [${hook}](hooks/${hook}.md) | ${names} | ${about.split('. ')[0]} |`;
      });
      return `### ${name}.bpf.c\n\n| Hook | Records | When |\n| --- | --- | --- |\n${lines.join('\n')}`;
    });
  return text([
    '# The model on stock kernels',
    'What is recorded, hook by hook. See also the [relations](relations.md), the [types of nodes](nodes.md) and\nthe [size of the programs](programs.md).',
    sequences,
    '## Hooks',
    ...tables,
  ]);
}

function page({ name, source }: HookArea, row: HookRow): string {
  const attached = programsIn(source).filter((program) => row.programs.includes(program.name));
  const where = attached.map(
    (program) => `* \`${program.name}\` on ${program.attachedTo.map((at) => `\`${at}\``).join(' or ')}`,
  );
  const camflow = row.camflow.length === 0 ? 'No hook of CamFlow.' : `CamFlow: ${row.camflow.join(', ')}.`;
  return text([
    `# ${row.hook}`,
    row.about,
    ...(row.when === undefined ? [] : [`**When:** ${row.when}`]),
    ...(row.records.length === 0 ? ['Records nothing by itself.'] : [graph(row.records), table(row.records)]),
    `## Programs\n\nIn \`kernel/bpf/${name}.bpf.c\`. ${camflow}\n\n${where.join('\n')}`,
  ]);
}

function graph(records: readonly HookRecord[]): string {
  const ids = new Map<string, string>();
  const node = (label: string): string => {
    const known = ids.get(label);
    const id = known ?? `n${ids.size}`;
    ids.set(label, id);
    const [open, close] = /\btask$/.test(label)
      ? ['([', '])']
      : label === 'machine'
        ? ['{{', '}}']
        : ['[', ']'];
    return known === undefined ? `${id}${open}"${label}"${close}` : id;
  };
  const lines = new Set<string>();
  for (const { sequence, relation, from, to } of records) {
    const edge = (name: string, a: string, b: string): void => {
      lines.add(`  ${node(a)} -- ${name} --> ${node(b)}`);
    };
    if (sequence === 'generates') edge('memory_read', 'process_memory', from);
    edge(relation.split(',')[0]!, from, to === from ? `${to}, next` : to);
    if (sequence === 'uses') edge('memory_write', to, 'process_memory');
  }
  return `\`\`\`mermaid\nflowchart LR\n${[...lines].join('\n')}\n\`\`\``;
}

function table(records: readonly HookRecord[]): string {
  const rows = records.map(
    ({ sequence, relation, from, to, flags, when }) =>
      `| ${relation} | ${from} | ${to} | ${sequence} | ${flags || '0'} | ${when ?? ''} |`,
  );
  return [
    '| Relation | From | To | Sequence | Flags | Only if |',
    '| --- | --- | --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}

function relations(areas: readonly HookArea[]): string {
  const rows = areas.flatMap(({ rows: all }) => all);
  const lines = recordTypes
    .filter(({ category }) => category === 'relation')
    .map(({ name, class: relationClass, code }) => {
      const hooks = rows
        .filter(({ records }) => records.some((record) => namesOf(record).includes(name)))
        .map(({ hook }) => `[${hook}](hooks/${hook}.md)`);
      return `| \`${name}\` | ${relationClass} | ${bitOf(code)} | ${hooks.join(', ')} |`;
    });
  return text([
    '# Relations',
    `Bits from ${firstExtensionBit} up are those that CamFlow cannot express: \`dialect=camflow\` leaves them out. Relations without a hook belong to the [sequences](README.md#sequences), are disclosed by programs, or are CamFlow's alone.`,
    ['| Relation | Class | Bit | Hooks |', '| --- | --- | --- | --- |', ...lines].join('\n'),
  ]);
}

function nodes(): string {
  const lines = recordTypes
    .filter(({ category }) => category === 'node')
    .map(
      ({ name, class: nodeClass, code, shape }) =>
        `| \`${name}\` | ${nodeClass} | ${bitOf(code)} | \`${shape}\` |`,
    );
  return text([
    '# Types of nodes',
    `The structure is that of the record. Bits from ${firstExtensionBit} up are those that CamFlow cannot express.`,
    ['| Type | Class | Bit | Structure |', '| --- | --- | --- | --- |', ...lines].join('\n'),
  ]);
}

/** The names in the relation of a row. */
export function namesOf({ relation }: HookRecord): string[] {
  return relation.split(/, | or /);
}

function bitOf(code: bigint): number {
  return (code & 0xffff_ffff_ffffn).toString(2).length - 1;
}

function text(parts: readonly string[]): string {
  return `${[parts[0], generated, ...parts.slice(1)].join('\n\n')}\n`;
}
