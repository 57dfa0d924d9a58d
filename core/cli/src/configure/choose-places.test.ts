import { expect, test } from 'vitest';
import { choosePlaces } from './choose-places.ts';

const identity = { etc: '/etc' };
const usual = { stateFolder: '/var/lib/camflow', identity };

test('what is applied to a channel is remembered apart, and the machine has one identity', () => {
  expect(choosePlaces({}, usual)).toEqual(usual);
  expect(choosePlaces({ channel: 'audit' }, usual)).toEqual({
    stateFolder: '/var/lib/camflow/channels/audit',
    identity,
  });
});

test('a folder that is named holds all of it', () => {
  expect(choosePlaces({ channel: 'audit', state: '/tmp/state' }, usual)).toEqual({
    stateFolder: '/tmp/state',
    identity: { etc: '/tmp/state', run: '/tmp/state' },
  });
});
