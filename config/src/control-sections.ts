import { describeError, type OptionDoc, parseAddressRange, recordTypes } from '@camflow/api';
import * as v from 'valibot';
import { boolean, integer, listOf, oneOf, type TextSchema, text } from './option-values.ts';
import type { SectionDescription, SectionDescriptions } from './section-description.ts';

type Row = readonly [key: string, value: TextSchema<unknown>, summary: string, fallback?: string];

const nodeNames = typeNames((type) => type.category === 'node' && type.name !== 'string');
// The kernel has filters for these four classes of relations only.
const relationNames = typeNames((type) => ['derived', 'generated', 'used', 'informed'].includes(type.class));
const node = oneOf('a node type', nodeNames);
const relation = oneOf('a relation type that can be filtered', relationNames);
const address = addressSchema(4);
const address6 = addressSchema(6);
const cgroup: TextSchema<string> = v.pipe(
  v.string(),
  v.check(
    (given) => given.startsWith('/') || /^[1-9]\d{0,18}$/.test(given),
    (issue) => `"${issue.input}" is neither the path nor the number of a cgroup`,
  ),
);

function typeNames(chosen: (type: (typeof recordTypes)[number]) => boolean): string[] {
  return recordTypes.filter(chosen).map((type) => type.name);
}

function addressSchema(family: 4 | 6): TextSchema<string> {
  return v.pipe(
    v.string(),
    v.rawCheck(({ dataset, addIssue }) => {
      try {
        if (dataset.typed) parseAddressRange(family, dataset.value);
      } catch (error) {
        addIssue({ message: describeError(error) });
      }
    }),
  );
}

/** Keys that hold one value. */
function scalars(rows: readonly Row[]): SectionDescription {
  return describe(rows, false);
}

/** Keys that may be given more than once. */
function lists(item: TextSchema<string>, summaries: Readonly<Record<string, string>>): SectionDescription {
  return describe(
    Object.entries(summaries).map(([key, summary]) => [key, listOf(item) as never, summary]),
    true,
  );
}

function describe(rows: readonly Row[], repeatable: boolean): SectionDescription {
  const keys: Record<string, OptionDoc> = {};
  const entries: Record<string, v.OptionalSchema<TextSchema<unknown>, undefined>> = {};
  for (const [key, value, summary, fallback] of rows) {
    keys[key] = { summary, repeatable, ...(fallback === undefined ? {} : { default: fallback }) };
    entries[key] = v.optional(value);
  }
  return { options: { schema: v.object(entries), keys }, selection: {} };
}

function merge(...parts: readonly SectionDescription[]): SectionDescription {
  const entries = parts.map((part) => part.options!.schema as v.ObjectSchema<v.ObjectEntries, undefined>);
  return {
    options: {
      schema: v.object(Object.assign({}, ...entries.map((schema) => schema.entries))),
      keys: Object.assign({}, ...parts.map((part) => part.options!.keys)),
    },
    selection: {},
  };
}

const principals = (what: string): Readonly<Record<string, string>> => ({
  track: `A ${what} whose processes are tracked.`,
  propagate: `A ${what} whose processes are tracked, with all they touch.`,
  opaque: `A ${what} whose processes are never recorded.`,
});

const addresses = (what: string, form = 'a.b.c.d/bits:port'): Readonly<Record<string, string>> => ({
  track: `Addresses, ${form}: sockets that ${what} are tracked. Of ranges that overlap the most specific holds.`,
  propagate: `Addresses: sockets that ${what} are tracked, with all they touch.`,
  record: `Addresses: packets of sockets that ${what} are recorded with their content.`,
});

/** The sections of camflow.ini, which says what the kernel captures. */
export const controlSections: SectionDescriptions = new Map([
  [
    'provenance',
    merge(
      scalars([
        ['machine_id', integer(0, 0xffff_ffff), 'Identifier of this machine; 0 takes that of its file.', '0'],
        ['enabled', boolean, 'Whether anything is captured.', 'false'],
        ['all', boolean, 'Whether the whole system is captured, and not only what is tracked.', 'false'],
      ]),
      lists(node, {
        node_filter: 'A node type that is not recorded.',
        propagate_node_filter: 'A node type to which tracking does not spread.',
      }),
      lists(relation, {
        relation_filter: 'A relation type that is not recorded.',
        propagate_relation_filter: 'A relation type through which tracking does not spread.',
      }),
    ),
  ],
  [
    'compression',
    scalars([
      ['version', boolean, 'Whether nodes get a new version only after they were read.', 'true'],
      ['node', boolean, 'Whether a node is published once per version.', 'true'],
      ['edge', boolean, 'Whether repeated relations of one kind are published once.', 'true'],
      ['duplicate', boolean, 'Whether nodes are published with every relation.', 'false'],
    ]),
  ],
  [
    'file',
    merge(
      lists(text, {
        opaque: 'A path that is never recorded.',
        track: 'A path that is tracked.',
        propagate: 'A path that is tracked, with all that reads it.',
      }),
      scalars([
        [
          'persist',
          boolean,
          'Whether what is said about files, here or by hand, holds again after the machine was started anew.',
          'false',
        ],
      ]),
    ),
  ],
  ['ipv4-ingress', lists(address, addresses('are bound to them'))],
  ['ipv4-egress', lists(address, addresses('connect to them'))],
  ['ipv6-ingress', lists(address6, addresses('are bound to them', '[a:b::c]/bits:port'))],
  ['ipv6-egress', lists(address6, addresses('connect to them', '[a:b::c]/bits:port'))],
  [
    'cgroup',
    lists(cgroup, {
      track: 'A cgroup, by its folder, /proc/PID/ns/cgroup or number, whose processes are tracked.',
      propagate: 'A cgroup whose processes are tracked, with all they touch.',
    }),
  ],
  ['user', lists(text, principals('user'))],
  ['group', lists(text, principals('group'))],
  ['secctx', lists(text, principals('security context'))],
  [
    'relay',
    scalars([
      ['buff_exp', integer(12, 30), 'Size of a relay sub-buffer, as a power of two.', '20'],
      ['subuf_nb', integer(1, 1_000_000), 'Number of relay sub-buffers of each processor.', '8'],
    ]),
  ],
]);
