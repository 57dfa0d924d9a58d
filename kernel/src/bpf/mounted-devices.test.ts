import { expect, test } from 'vitest';
import { mountsOfDevices, uuidText } from './mounted-devices.ts';

test('of what is mounted, what is on a device, each once', () => {
  const list = `22 1 259:1 / / rw,relatime - ext4 /dev/root rw
23 22 0:5 / /dev rw - devtmpfs devtmpfs rw
24 22 259:3 / /mnt/with\\040a\\134space rw - ext4 /dev/nvme1n1 rw
25 22 259:1 /srv /srv rw - ext4 /dev/root rw
26 22 8:1 / /mnt/\xff rw - ext4 /dev/sda1 rw
`;
  expect(mountsOfDevices(list)).toEqual(['/srv', '/mnt/with a\\space']);
});

test('the number of a file system', () => {
  const bytes = Uint8Array.from({ length: 16 }, (_, at) => at * 17);
  expect(uuidText(bytes)).toBe('00112233-4455-6677-8899-aabbccddeeff');
});
