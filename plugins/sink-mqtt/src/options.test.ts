import { describe, expect, test } from 'vitest';
import { parseBrokerAddress } from './address.ts';
import { mqttOptions } from './options.ts';

const validate = mqttOptions.schema['~standard'].validate;

describe('parseBrokerAddress', () => {
  test.each([
    ['broker', { host: 'broker', port: 1883, tls: false }],
    ['m12.cloudmqtt.com:17065', { host: 'm12.cloudmqtt.com', port: 17065, tls: false }],
    ['tcp://127.0.0.1:1884', { host: '127.0.0.1', port: 1884, tls: false }],
    ['mqtt://broker/', { host: 'broker', port: 1883, tls: false }],
    ['mqtts://broker', { host: 'broker', port: 8883, tls: true }],
    ['SSL://broker:1', { host: 'broker', port: 1, tls: true }],
    ['tls://[::1]:8884', { host: '::1', port: 8884, tls: true }],
  ])('reads %s', (text, address) => {
    expect(parseBrokerAddress(text)).toEqual(address);
  });

  test.each([
    '',
    'a b',
    'ws://broker',
    'mqtt://user:secret@broker',
    'broker:0',
    'broker:65536',
    '::1',
    'a/b',
  ])('refuses %j', (text) => {
    expect(parseBrokerAddress(text)).toBeUndefined();
  });
});

describe('options', () => {
  test('have the documented defaults', () => {
    const documented = Object.fromEntries(
      Object.entries(mqttOptions.keys).flatMap(([key, doc]) =>
        doc.default === undefined ? [] : [[key, doc.default]],
      ),
    );
    expect(validate(documented)).toEqual(validate({}));
    expect(validate({})).toMatchObject({
      value: { qos: 2, topic: 'camflow/provenance/', payload: 'camflow', maxPayloadBytes: 8192 },
    });
  });

  test('the password, and nothing else, is a secret', () => {
    const secrets = Object.entries(mqttOptions.keys).filter(([, doc]) => doc.secret);
    expect(secrets.map(([key]) => key)).toEqual(['password']);
  });

  test.each([
    ['address', { address: 'http://broker' }],
    ['qos', { qos: '3' }],
    ['topic', { topic: 'camflow/#' }],
    ['payload', { payload: 'xml' }],
    ['max_payload', { max_payload: '0' }],
    ['max_in_flight', { max_in_flight: '-1' }],
    ['client_id', { client_id: '' }],
    ['ca', { address: 'mqtts://broker', ca: 'relative.pem' }],
    ['address', { address: 'mqtt://broker', ca: '/ca.pem' }],
    ['key', { address: 'mqtts://broker', cert: '/cert.pem' }],
    ['username', { password: 'x' }],
    ['reject_unauthorized', { reject_unauthorized: 'no' }],
  ])('name %s as the trouble in %o', (key, raw) => {
    expect(validate(raw)).toMatchObject({ issues: [{ path: [{ key }] }] });
  });
});
