import { describe, expect, test } from 'vitest';
import { nearestName } from './nearest-name.ts';
import type { OptionsDefinition } from './options-definition.ts';
import { validateOptions } from './validate-options.ts';

describe('nearestName', () => {
  const names = ['spade_json', 'w3c', 'log', 'unix_socket', 'mqtt'];

  test.each([
    ['spade-json', 'spade_json'],
    ['spadejson', 'spade_json'],
    ['W3C', 'w3c'],
    ['lgo', 'log'],
    ['gol', undefined],
    ['logg', 'log'],
    ['unixsocket', 'unix_socket'],
    ['kafka', undefined],
    ['', undefined],
  ])('%s is taken for %s', (written, meant) => {
    expect(nearestName(written, names)).toBe(meant);
  });
});

describe('validateOptions', () => {
  const definition: OptionsDefinition<unknown> = {
    keys: {
      path: { summary: 'Path.' },
      password: { summary: 'Password.', secret: true },
      topic: { summary: 'Topics.', repeatable: true },
    },
    schema: {
      '~standard': {
        version: 1,
        vendor: 'test',
        async validate(value) {
          const issues = [];
          const options = value as Record<string, string>;
          if (options['path'] === 'bad') issues.push({ message: 'no such path', path: [{ key: 'path' }] });
          if (options['password'] === 'hunter2')
            issues.push({ message: 'weak: hunter2', path: ['password'] });
          return issues.length > 0 ? { issues } : { value };
        },
      },
    },
  };

  test('the last value of a key that is not repeatable holds, unknown keys are left out', async () => {
    const options = { path: ['a', 'b'], topic: ['x', 'y'], pth: 'c', constructor: 'd' };
    expect(await validateOptions(definition, options)).toEqual({ value: { path: 'b', topic: ['x', 'y'] } });
  });

  test('every problem names its option and no secret', async () => {
    expect(await validateOptions(definition, { path: 'bad', password: 'hunter2' })).toEqual({
      problems: [
        { key: 'path', index: undefined, message: 'no such path' },
        { key: 'password', index: undefined, message: 'this value is not accepted' },
      ],
    });
  });

  test('a problem with one of many values says which', async () => {
    const bad: OptionsDefinition<unknown> = {
      keys: definition.keys,
      schema: {
        '~standard': {
          version: 1,
          vendor: 'test',
          validate: () => ({
            issues: [{ message: 'bad', path: [{ key: 'topic' }, { key: 1 }] }, { message: 'all' }],
          }),
        },
      },
    };
    expect(await validateOptions(bad, { topic: ['a', 'b'] })).toEqual({
      problems: [
        { key: 'topic', index: 1, message: 'bad' },
        { key: undefined, index: undefined, message: 'all' },
      ],
    });
  });

  test('a plugin without options gets an empty object', async () => {
    expect(await validateOptions(undefined, { any: 'thing' })).toEqual({ value: {} });
  });
});
