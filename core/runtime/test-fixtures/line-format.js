import { apiVersion, definePlugin } from '@camflow/api';

/**
 * One line for each record: type, identifier, name (the cause of a gap) and security context. The `jiffies` of a record tell the
 * formatter to misbehave: 1 throws, 2 ends the worker, 3 throws with a unit open, 4 does not account
 * for the record, 5 uses up the memory of its thread, 6 takes more than a second.
 */
function format(batch, out) {
  for (const record of batch.records()) {
    const order = record.field('jiffies');
    if (order === 1n) throw new Error('told to throw');
    if (order === 2n) process.exit(3);
    if (order === 6n) for (const end = Date.now() + 1200; Date.now() < end; );
    if (order === 5n) for (const leak = []; ; leak.push(new Array(100_000).fill({})));
    out.writeText(`${record.type.name} ${record.id} `);
    if (order === 3n) throw new Error('told to throw half-way');
    const name = record.type.name === 'gap' ? record.field('cause') : record.name;
    out.writeText(`${name ?? '-'} ${record.securityContext ?? '-'}\n`);
    out.endUnit(order === 4n ? 0 : 1);
  }
}

export default definePlugin({
  kind: 'format',
  name: 'line',
  summary: 'Writes a line for each record',
  apiVersion,
  mediaType: 'text/plain',
  framing: 'lines',
  create: () => ({ format }),
});
