import { describe, expect, test } from 'vitest';
import { Channel } from './channel.ts';

test('the main channel is where programs were before there were others', () => {
  expect(Channel.named(undefined)).toBe(Channel.main);
  expect(Channel.main).toMatchObject({
    folder: '/sys/fs/bpf/camflow',
    linkFolder: '/sys/fs/bpf/camflow/links',
    recorderLock: '/run/camflow/recorder.lock',
    socketPath: '/run/camflow/control.sock',
    inCommands: '',
  });
});

test('no two channels share anything', () => {
  const places = [undefined, 'a', 'b', 'A', 'camflow', 'links', 'main', '-', 'x'.repeat(32)].flatMap(
    (name) => {
      const { folder, linkFolder, programFolder, recorderLock, socketPath } = Channel.named(name);
      return [folder, linkFolder, programFolder, recorderLock, socketPath];
    },
  );
  expect(new Set(places).size).toBe(places.length);
});

describe('what is no name of a channel is refused', () => {
  test.each(['', '.', '..', '../x', 'a/b', 'a b', 'a.b', 'ä', 'a\n', 'x'.repeat(33)])('%j', (name) => {
    expect(() => Channel.named(name)).toThrow(expect.objectContaining({ code: 'CONFIG_BAD_VALUE' }));
  });
});
