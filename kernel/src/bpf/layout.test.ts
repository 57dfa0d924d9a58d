import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { machineTextOffset, structures } from './layout.ts';

const object = fileURLToPath(new URL('../../dist/bpf/camflow.bpf.o', import.meta.url));
const bpftool = '/usr/sbin/bpftool';
const missing = [object, bpftool].filter((file) => !existsSync(file));
const skipped = missing.length > 0 && process.env['CAMFLOW_TEST_SYSTEM'] !== '1';
const note = skipped ? ` (skipped: no ${missing.join(', no ')})` : '';

interface CompiledStructure {
  readonly size: number;
  /** Byte offset of each member. */
  readonly offsets: ReadonlyMap<string, number>;
}

/** The structures in the type information of the compiled programs. */
function compiledStructures(): Map<string, CompiledStructure> {
  const dump = execFileSync(bpftool, ['btf', 'dump', 'file', object, 'format', 'raw'], { encoding: 'utf8' });
  const found = new Map<string, CompiledStructure>();
  let offsets = new Map<string, number>();
  for (const line of dump.split('\n')) {
    const head = /^\[\d+\] STRUCT '(\w+)' size=(\d+)/.exec(line);
    const member = /^\t'(\w+)' type_id=\d+ bits_offset=(\d+)/.exec(line);
    if (head) {
      offsets = new Map();
      found.set(head[1]!, { size: Number(head[2]), offsets });
    } else if (member) offsets.set(member[1]!, Number(member[2]) / 8);
  }
  return found;
}

test.skipIf(skipped)(`structures agree with the type information of the programs${note}`, () => {
  const compiled = compiledStructures();
  const node = compiled.get('cf_node')!;
  for (const [name, { size, members }] of Object.entries(structures)) {
    const theirs = compiled.get(name)!;
    expect(theirs.size, name).toBe(size);
    for (const [member, { offset }] of Object.entries(members)) {
      // The members of a machine that are read are those of the node at its start.
      const offsets = name === 'cf_machine' ? node.offsets : theirs.offsets;
      expect(offsets.get(member), `${name}.${member}`).toBe(offset);
    }
  }
  expect(compiled.get('cf_machine')!.size - machineTextOffset).toBeGreaterThan(0);
  expect([...compiled.get('cf_machine')!.offsets.values()]).toContain(machineTextOffset);
});
