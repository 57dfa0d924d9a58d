import type { RecordType } from '@camflow/api';
import type { Channel } from './channel.ts';
import { relationClasses, structures, type Values, writeStructure } from './layout.ts';
import type { LeftOut, LeftOutEnds } from './left-out.ts';

type ConfigChange = Partial<Record<keyof Values<'cf_config'>, bigint>>;

const subtypes = (1n << 48n) - 1n;
const keys = relationClasses.length * 64;
const none: LeftOutEnds = { from: 0n, to: 0n };

/** The members of the configuration that have records of these types not written for now. */
export function shedMembers(types: readonly RecordType[]): ConfigChange {
  const bits = (isIt: (type: RecordType) => boolean): bigint =>
    types.filter(isIt).reduce((sum, { code }) => sum | (code & subtypes), 0n);
  const change: ConfigChange = {
    // Names come in paths: these are needed where no output shows them.
    shed_nodes: bits(({ category, name }) => category === 'node' && name !== 'path'),
  };
  for (const each of relationClasses) change[`shed_${each}`] = bits((type) => type.class === each);
  return change;
}

/** The members that have the policy of the recorder applied; its relations are in their map. */
export function leftOutMembers({ nodes, relations }: LeftOut): ConfigChange {
  return { left_nodes: nodes, leaves_relations: relations.size > 0 ? 1n : 0n };
}

/** Writes which relations are left out. Legal only while the configuration says that none are. */
export function writeLeftOutRelations(channel: Channel, { relations }: LeftOut): void {
  // Nobody looks at what is there where none are.
  if (relations.size === 0) return;
  channel.use('cf_left_out', (map) => {
    for (let key = 0; key < keys; key++) {
      const value = new Uint8Array(structures.cf_left_out.size);
      const { from, to } = relations.get(key) ?? none;
      writeStructure('cf_left_out', value, { from, to });
      map.set(key, value);
    }
  });
}
