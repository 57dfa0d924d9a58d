import { formatAddressRange, isCamflowError, parseAddressRange } from '@camflow/api';
import { CamflowKernel } from '@camflow/testkit';
import { beforeEach, describe, expect, test } from 'vitest';
import { filterNames } from '../filters.ts';
import type { ProvenanceControl } from '../provenance-control.ts';
import { actionBits, type RuleSelector, selectorKey } from '../rules.ts';
import { createSecurityfsControl } from './securityfs-control.ts';

let kernel: CamflowKernel;
let control: ProvenanceControl;
beforeEach(() => {
  kernel = new CamflowKernel();
  control = createSecurityfsControl({ files: kernel, attribute: kernel.attribute });
});

const written = (): string[] => kernel.writes.map(({ file, bytes }) => `${file} ${bytes.toString('hex')}`);
const zeros = (bytes: number): string => '00'.repeat(bytes);

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return isCamflowError(error) ? error.code : String(error);
  }
  return 'none';
}

describe('what is written', () => {
  test('switches: a digit and the NUL that the kernel needs', () => {
    control.switches.set('enabled', true);
    control.switches.set('version', false);
    expect(written()).toEqual(['enable 3100', 'should_version 3000']);
    expect(control.switches.read()).toMatchObject({ enabled: true, version: false, compressNode: true });
  });

  test('filters: value, mask and whether to add, in 24 bytes', () => {
    control.filters.change('node', 0x200n, 'add');
    control.filters.change('used', 0x80000n, 'remove');
    expect(written()).toEqual([
      `node_filter 0002${zeros(6)}ffffffffffff000001${zeros(7)}`,
      `used_filter 000008${zeros(5)}ffffffffffff000000${zeros(7)}`,
    ]);
    kernel.writes.length = 0;
    control.filters.reset();
    expect(kernel.writes).toHaveLength(10);
    expect(new Set(written().map((line) => line.split(' ')[1]))).toEqual(
      new Set([`${'ff'.repeat(16)}${zeros(8)}`]),
    );
    expect(Object.values(control.filters.read())).toEqual(filterNames.map(() => 0n));
  });

  test('rules: every byte of every structure', () => {
    const range = parseAddressRange(4, '10.1.2.3/8:80');
    control.rules.add({ selector: { kind: 'ipv4-egress', range }, bits: actionBits.propagate });
    control.rules.add({ selector: { kind: 'user', id: 1000 }, bits: actionBits.opaque });
    control.rules.add({ selector: { kind: 'group', id: 5 }, bits: actionBits.track });
    control.rules.add({ selector: { kind: 'cgroup', id: 4026531835n }, bits: actionBits.propagate });
    control.rules.remove({ kind: 'user', id: 1000 });
    expect(written()).toEqual([
      `ipv4_egress 0a010203ff000000005005${zeros(13)}`,
      `uid e803000002${zeros(11)}`,
      `gid 0500000001${zeros(11)}`,
      `ns ${zeros(20)}fbffffef05${zeros(15)}`,
      `uid e803000010${zeros(11)}`,
    ]);
    expect(control.rules.list('user')).toEqual([]);
    const [egress] = control.rules.list('ipv4-egress');
    expect('range' in egress!.selector && formatAddressRange(egress!.selector.range)).toBe('10.0.0.0/8:80');
  });

  const selectors: readonly RuleSelector[] = [
    { kind: 'ipv4-ingress', range: parseAddressRange(4, '10.0.0.0/8:80') },
    { kind: 'ipv4-egress', range: parseAddressRange(4, '10.0.0.0/8:80') },
    { kind: 'secctx', context: 'a_u:b_r:c_t:s0' },
    { kind: 'cgroup', id: 4026531835n },
    { kind: 'user', id: 1000 },
    { kind: 'group', id: 5 },
  ];
  test.each(selectors)(
    '$kind twice: what is said of addresses adds up, elsewhere the last holds',
    (selector) => {
      control.rules.add({ selector, bits: actionBits.propagate });
      control.rules.add({ selector, bits: actionBits.record });
      const bits = 'range' in selector ? actionBits.propagate | actionBits.record : actionBits.record;
      const held = control.rules.list(selector.kind);
      expect(held.map((rule) => [selectorKey(rule.selector), rule.bits])).toEqual([
        [selectorKey(selector), bits],
      ]);
    },
  );

  test('security contexts: text and its length, the rest zero', () => {
    const selector = { kind: 'secctx', context: 'a_u:b_r:c_t:s0' } as const;
    control.rules.add({ selector, bits: actionBits.propagate });
    const { bytes } = kernel.writes[0]!;
    expect(bytes.length).toBe(4120);
    expect(bytes.toString('latin1', 4, 4 + 14)).toBe(selector.context);
    expect([bytes.readUInt32LE(4100), bytes[4104]]).toEqual([14, 5]);
    bytes.fill(0, 4, 18).fill(0, 4100, 4105);
    expect(bytes.equals(Buffer.alloc(4120))).toBe(true);
    expect(control.rules.list('secctx')).toEqual([{ selector, bits: 5 }]);
  });

  test('processes: the flags that change, in one write', () => {
    kernel.processNodes.set(141, Buffer.alloc(256));
    control.processes.mark(141, { tracked: true, propagate: true, taint: 1n << 40n });
    const { file, bytes } = kernel.writes[0]!;
    expect([file, bytes.length, bytes.readUInt32LE(40), bytes[256], bytes.readInt32LE(260)]).toEqual([
      ...['process', 264],
      ...[5, 0x0d, 141],
    ]);
    expect(bytes.readBigUInt64LE(56)).toBe(1n << 40n);
    expect(control.processes.read(141)).toMatchObject({
      marks: { tracked: true, opaque: false, propagate: true },
      taint: 1n << 40n,
    });
    control.processes.markSelf({ opaque: true });
    expect(control.processes.readSelf().marks.opaque).toBe(true);
  });

  test('files: the node as it was read, with other flags', () => {
    const node = Buffer.alloc(256, 7);
    node.writeUInt32LE(0x61, 40);
    node.writeBigUInt64LE(8n, 56);
    kernel.fileNodes.set('/f', Buffer.from(node));
    control.files.mark('/f', { tracked: false, opaque: true, taint: 1n << 63n });
    const { bytes } = kernel.writes[0]!;
    node.writeUInt32LE(0x62, 40);
    node.writeBigUInt64LE((1n << 63n) | 8n, 56);
    expect(bytes.equals(node)).toBe(true);
  });

  test('relay, epoch and flush', () => {
    control.recording.prepare({ machineId: 7, bootId: 3, bufferExponent: 20, buffers: 8 });
    control.recording.changeEpoch();
    control.recording.flush();
    expect(written()).toEqual(['relay_conf 03000000070000001400000008000000', 'epoch 31', 'flush 31']);
    expect([control.recording.machineId(), control.recording.bootId()]).toEqual([7, 3]);
  });

  test('disclosure: long records of the right types, and relations of 168 bytes', () => {
    const entity = control.disclosure.node('entity', { name: 'größe', size: 3 });
    const activity = control.disclosure.node('activity', {});
    control.disclosure.relation('used', entity, activity);
    const [first, , relation] = kernel.writes;
    expect(first!.bytes.readBigUInt64LE(0)).toBe(0x2400_0000_0800_0000n);
    expect(first!.bytes.length).toBe(4280);
    const length = Number(first!.bytes.readBigUInt64LE(144));
    expect(JSON.parse(`{${first!.bytes.toString('utf8', 152, 152 + length)}}`)).toEqual({
      name: 'größe',
      size: 3,
    });
    expect(relation!.bytes.length).toBe(168);
    expect(relation!.bytes.subarray(72, 104)).toEqual(Buffer.from(entity));
    expect(relation!.bytes.subarray(104, 136)).toEqual(Buffer.from(activity));
    expect(relation!.bytes.readBigUInt64LE(0) >> 48n).toBe(0x8020n);
  });
});

describe('what is refused', () => {
  test.each([
    [{ machineId: 1, bootId: 1, bufferExponent: 20, buffers: 0 }],
    [{ machineId: 1, bootId: 1, bufferExponent: 31, buffers: 8 }],
    [{ machineId: 1, bootId: 1, bufferExponent: 0, buffers: 8 }],
    [{ machineId: 1, bootId: 1, bufferExponent: 30, buffers: 5 }],
  ])('relay buffers with which the kernel panics: %o', (request) => {
    expect(codeOf(() => control.recording.prepare(request))).toBe('CONFIG_BAD_VALUE');
    expect(kernel.writes).toEqual([]);
  });

  test('what this kernel does not have, and what it does not find', () => {
    const range = parseAddressRange(6, '[::1]/128:80');
    const selector = { kind: 'ipv6-ingress', range } as const;
    expect(codeOf(() => control.rules.add({ selector, bits: 1 }))).toBe('UNSUPPORTED');
    expect(control.rules.list('ipv6-ingress')).toEqual([]);
    expect(codeOf(() => control.rules.add({ selector: { kind: 'cgroup', id: 1n << 32n }, bits: 1 }))).toBe(
      'CONFIG_BAD_VALUE',
    );
    expect(codeOf(() => control.processes.read(9))).toBe('SYSTEM_CALL_FAILED');
    expect(codeOf(() => control.files.read('/none'))).toBe('SYSTEM_CALL_FAILED');
    kernel.isRoot = false;
    expect(codeOf(() => control.switches.set('all', true))).toBe('PERMISSION_DENIED');
    expect(kernel.writes).toEqual([]);
  });

  test.each([
    [[1]],
    [{ a: { b: 1 } }],
    [{ a: null }],
    [{ a: Number.NaN }],
    [{ '': 1 }],
    [{ a: 'x'.repeat(4091) }],
    ['a'],
  ])('attributes that are not flat or too large: %o', (attributes) => {
    expect(codeOf(() => control.disclosure.node('agent', attributes as never))).toBe('DISCLOSURE_REFUSED');
    expect(kernel.writes).toEqual([]);
  });
});

test('a list of any length is read whole, with larger memory where it is refused', () => {
  for (let id = 1; id <= 5000; id++) control.rules.add({ selector: { kind: 'user', id }, bits: 1 });
  expect(control.rules.list('user')).toHaveLength(5000);
});
