import { constants } from 'node:os';
import { describeError } from '@camflow/api';
import { expect, test } from 'vitest';
import { systemCallError } from '../libc/system-call-error.ts';
import { programsRefused, ringRefused } from './load-refusals.ts';

const { EPERM, EACCES, ENOMEM, EINVAL } = constants.errno;
const loading = (errno: number) => systemCallError('bpf_object__load', 'camflow.bpf.o', -errno);
const makingRing = (errno: number) => systemCallError('bpf_map_create', 'cf_ring_0', -errno);

test('who may not load programs is told where they may be loaded', () => {
  const error = programsRefused(loading(EPERM), ['libbpf: failed']);
  expect(error.code).toBe('PERMISSION_DENIED');
  expect(describeError(error)).toMatch(
    /^The kernel lets this process load no BPF programs: .*EPERM.* Run it as root of the machine, not of a container\.$/,
  );
});

test('programs that the verifier refuses are a defect, told with the end of what it said', () => {
  const lines = Array.from({ length: 30 }, (_, i) => `line ${i}`);
  const error = programsRefused(loading(EACCES), lines);
  expect(error.code).toBe('SOURCE_UNAVAILABLE');
  expect(describeError(error)).toMatch(
    /^The kernel refused the BPF programs:\nline 10\n.*line 29\n.*report/s,
  );
});

test('rings for which there is no memory can be made smaller', () => {
  expect(describeError(ringRefused(makingRing(ENOMEM), 64 * 2 ** 20, 8))).toMatch(
    /^There is no memory for 8 rings of 64 MiB, one for each CPU: .*ENOMEM.* Set kernel\.ring_mib to less\.$/,
  );
  const other = makingRing(EINVAL);
  expect(ringRefused(other, 4096, 1)).toBe(other);
});
